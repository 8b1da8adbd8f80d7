/* Fetch: every topic and partition of a response is one that the client consumes, so that its records are parsed. */
#include "parse.h"
#include "rdkafka_fetcher.h"
#include "rdkafka_offset.h"
#include "rdkafka_partition.h"
#include "rdkafka_topic.h"

static rd_kafka_toppar_t *consumed;

static rd_kafka_topic_t *fuzz_topic(void) {
        return rd_kafka_topic_keep(consumed->rktp_rkt);
}

#define rd_kafka_topic_find_by_topic_id(rk, id) fuzz_topic()
#define rd_kafka_topic_find0(rk, name) fuzz_topic()
#define rd_kafka_toppar_get(rkt, partition, on_miss) rd_kafka_toppar_keep(consumed)
#define rd_kafka_offset_reset(...) ((void)0)
#include "known.h"
#ifdef PASS_OVER_KNOWN
/* The reference is given up again, too. */
#undef rd_kafka_toppar_destroy
#define rd_kafka_toppar_destroy(rktp) ((void)0)
#undef rd_kafka_toppar_get
#define rd_kafka_toppar_get(rkt, partition, on_miss) consumed
#endif
#include "rdkafka_fetcher.c"

void fuzz_fetch(rd_kafka_broker_t *rkb, rd_kafka_buf_t *response, rd_kafka_buf_t *request) {
        struct rd_kafka_toppar_ver *version;

        if (!consumed) {
                consumed = rd_kafka_toppar_get2(rkb->rkb_rk, "topic", 0, 1, 1);
                consumed->rktp_broker = rkb;
        }
        request->rkbuf_rktp_vers = rd_list_new(0, (void *)rd_kafka_toppar_ver_destroy);
        rd_list_prealloc_elems(request->rkbuf_rktp_vers, sizeof(*version), 1, 0);
        version          = rd_list_add(request->rkbuf_rktp_vers, NULL);
        version->rktp    = rd_kafka_toppar_keep(consumed);
        version->version = consumed->rktp_fetch_version;

        rd_kafka_fetch_reply_handle(rkb, response, request);
        rd_kafka_q_purge(consumed->rktp_fetchq);
        consumed->rktp_offsets.fetch_pos.offset = 0;
        consumed->rktp_ts_fetch_backoff         = 0;
}
