/* Metadata: what is parsed must not start threads for the brokers of the response, nor fill the cache of topics. */
#include "parse.h"
#include "rdkafka_metadata.h"

#define rd_kafka_broker_update(rk, proto, md, rkbp) ((void)0)
#define rd_kafka_metadata_cache_topic_update(...) 0
#include "known.h"
#include "rdkafka_metadata.c"

void fuzz_metadata(rd_kafka_broker_t *rkb, rd_kafka_buf_t *response) {
        rd_kafka_metadata_internal_t *mdi = NULL;
        rd_list_t topics;

        rd_list_init(&topics, 0, NULL);
        if (!rd_kafka_parse_Metadata_admin(rkb, response, &topics, &mdi) && mdi)
                rd_free(mdi);
        rd_list_destroy(&topics);
}
