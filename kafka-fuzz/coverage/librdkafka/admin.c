#include "parse.h"
#include "rdkafka_admin.h"
#include "rdkafka_partition.h"

#include "known.h"
#include "rdkafka_admin.c"

#ifdef PASS_OVER_KNOWN
/* The lists of groups and of errors are used where the start of the response cannot be read, before they are made. */
static rd_bool_t has_groups(rd_kafka_buf_t *response) {
        const int log_decode_errors = 0;
        int16_t error;
        int32_t count;
        rd_bool_t has_groups = rd_false;
        rd_slice_t start     = response->rkbuf_reader;

        if (rd_kafka_buf_ApiVersion(response) >= 1)
                rd_kafka_buf_read_throttle_time(response);
        rd_kafka_buf_read_i16(response, &error);
        rd_kafka_buf_read_arraycnt(response, &count, RD_KAFKAP_GROUPS_MAX);
        has_groups = rd_true;
err_parse:
        response->rkbuf_reader = start;
        return has_groups;
}
#else
#define has_groups(response) rd_true
#endif

int fuzz_admin(rd_kafka_t *rk, rd_kafka_buf_t *response) {
        static struct rd_kafka_admin_worker_cbs callbacks;
        rd_kafka_op_t *result = NULL;
        rd_kafka_op_type_t type;
        char error[512];

        switch (response->rkbuf_reqhdr.ApiKey) {
        case RD_KAFKAP_ListGroups:
                if (!has_groups(response))
                        return 1;
                type            = RD_KAFKA_OP_LISTCONSUMERGROUPS;
                callbacks.parse = rd_kafka_ListConsumerGroupsResponse_parse;
                break;
        case RD_KAFKAP_DescribeGroups:
                type            = RD_KAFKA_OP_DESCRIBECONSUMERGROUPS;
                callbacks.parse = rd_kafka_DescribeConsumerGroupsResponse_parse;
                break;
        case RD_KAFKAP_ConsumerGroupDescribe:
                type            = RD_KAFKA_OP_DESCRIBECONSUMERGROUPS;
                callbacks.parse = rd_kafka_ConsumerGroupDescribeResponse_parse;
                break;
        case RD_KAFKAP_DescribeAcls:
                type            = RD_KAFKA_OP_DESCRIBEACLS;
                callbacks.parse = rd_kafka_DescribeAclsResponse_parse;
                break;
        default:
                return 0;
        }

        rd_kafka_op_t *request = rd_kafka_op_new(type);
        request->rko_rk        = rk;
        rd_kafka_AdminOptions_init(rk, &request->rko_u.admin_request.options);
        rd_list_init(&request->rko_u.admin_request.args, 0, NULL);
        callbacks.parse(request, &result, response, error, sizeof(error));
        if (result)
                rd_kafka_op_destroy(result);
        rd_list_destroy(&request->rko_u.admin_request.args);
        rd_free(request);
        return 1;
}
