/*
 * The response parsers of librdkafka, of what a broker sends: an API key and a version, two bytes each, then the body of a response. A
 * client without brokers owns what the parsers need; nothing is sent.
 */
#include "parse.h"
#include "rdkafka_request.h"

/* The cluster's id is read until there is a zero. */
#ifdef PASS_OVER_KNOWN
#define SPARE 1
#else
#define SPARE 0
#endif

static rd_kafka_t *rk;
static rd_kafka_broker_t *rkb;

static const struct {
        int16_t key;
        int16_t max;      /* The highest version that librdkafka asks for. */
        int16_t flexible; /* The first version with tagged fields. */
} apis[] = {
    {RD_KAFKAP_Produce, 10, 9},        {RD_KAFKAP_Fetch, 16, 12},
    {RD_KAFKAP_ListOffsets, 7, 6},     {RD_KAFKAP_Metadata, 13, 9},
    {RD_KAFKAP_OffsetCommit, 9, 8},    {RD_KAFKAP_OffsetFetch, 9, 6},
    {RD_KAFKAP_DescribeGroups, 4, 5},  {RD_KAFKAP_ListGroups, 5, 3},
    {RD_KAFKAP_ApiVersion, 3, 3},      {RD_KAFKAP_OffsetForLeaderEpoch, 2, 4},
    {RD_KAFKAP_DescribeAcls, 1, 2},    {RD_KAFKAP_ConsumerGroupDescribe, 0, 0},
};

static void ignore(const rd_kafka_t *rk, int level, const char *fac, const char *buf) {
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
        char error[256];
        rd_kafka_conf_t *conf = rd_kafka_conf_new();

        rd_kafka_conf_set_log_cb(conf, ignore);
        rd_kafka_conf_set(conf, "check.crcs", "true", error, sizeof(error));
        rd_kafka_conf_set(conf, "group.id", "group", error, sizeof(error));
        rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
        if (!rk) {
                fprintf(stderr, "%s\n", error);
                abort();
        }
        rkb = rd_kafka_broker_internal(rk);
        /* The parser of metadata asserts on which thread it is. */
        rk->rk_thread = thrd_current();
        return 0;
}

static rd_kafka_buf_t *buffer(const uint8_t *bytes, size_t size, int16_t key, int16_t version, rd_bool_t is_flexible) {
        rd_kafka_buf_t *rkbuf = rd_kafka_buf_new_shadow(bytes, size, rd_free);

        rkbuf->rkbuf_reqhdr.ApiKey     = key;
        rkbuf->rkbuf_reqhdr.ApiVersion = version;
        if (is_flexible)
                rkbuf->rkbuf_flags |= RD_KAFKA_OP_F_FLEXVER;
        rd_kafka_broker_keep(rkb);
        rkbuf->rkbuf_rkb = rkb;
        return rkbuf;
}

static void parse(rd_kafka_buf_t *response, rd_kafka_buf_t *request) {
        rd_kafka_topic_partition_list_t *offsets = NULL;
        struct rd_kafka_ApiVersion *versions     = NULL;
        size_t count;

        switch (response->rkbuf_reqhdr.ApiKey) {
        case RD_KAFKAP_Produce:
                fuzz_produce(rkb, response, request);
                break;
        case RD_KAFKAP_Fetch:
                fuzz_fetch(rkb, response, request);
                break;
        case RD_KAFKAP_Metadata:
                fuzz_metadata(rkb, response);
                break;
        case RD_KAFKAP_ListOffsets:
                offsets = rd_kafka_topic_partition_list_new(0);
                rd_kafka_parse_ListOffsets(response, offsets, NULL);
                break;
        case RD_KAFKAP_OffsetCommit:
                offsets = rd_kafka_topic_partition_list_new(0);
                rd_kafka_handle_OffsetCommit(rk, rkb, 0, response, request, offsets, rd_true);
                break;
        case RD_KAFKAP_OffsetFetch:
                rd_kafka_handle_OffsetFetch(rk, rkb, 0, response, request, &offsets, rd_false, rd_true, rd_false);
                break;
        case RD_KAFKAP_OffsetForLeaderEpoch:
                rd_kafka_handle_OffsetForLeaderEpoch(rk, rkb, 0, response, request, &offsets);
                break;
        case RD_KAFKAP_ApiVersion:
                rd_kafka_handle_ApiVersion(rk, rkb, 0, response, request, &versions, &count);
                break;
        default:
                fuzz_admin(rk, response);
        }
        if (offsets)
                rd_kafka_topic_partition_list_destroy(offsets);
        RD_IF_FREE(versions, rd_free);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size < 4)
                return -1;
        int16_t key     = (int16_t)(data[0] << 8 | data[1]);
        int16_t version = (int16_t)(data[2] << 8 | data[3]);

        for (size_t i = 0; i < RD_ARRAYSIZE(apis); i++) {
                if (apis[i].key != key || version < 0 || version > apis[i].max)
                        continue;
                /* On the heap, exactly, so that reads behind the end are seen. The prefix stands for the header. */
                uint8_t *bytes = malloc(size + SPARE);
                memcpy(bytes, data, size);
                memset(bytes + size, 0, SPARE);
                rd_bool_t is_flexible    = version >= apis[i].flexible;
                rd_kafka_buf_t *response = buffer(bytes, size, key, version, is_flexible);
                rd_kafka_buf_t *request  = buffer(calloc(1, 1), 1, key, version, is_flexible);
                rd_slice_read(&response->rkbuf_reader, NULL, 4);
                parse(response, request);
                rd_kafka_buf_destroy(response);
                rd_kafka_buf_destroy(request);
                return 0;
        }
        return -1;
}
