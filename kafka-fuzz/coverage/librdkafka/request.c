#include "parse.h"
#include "rdkafka_request.h"
#include "rdkafka_partition.h"

#include "known.h"
#include "rdkafka_request.c"

void fuzz_produce(rd_kafka_broker_t *rkb, rd_kafka_buf_t *response, rd_kafka_buf_t *request) {
        rd_kafka_Produce_result_t *result = rd_kafka_Produce_result_new(0, 0);

        rd_kafka_handle_Produce_parse(rkb, NULL, response, request, result);
        rd_kafka_Produce_result_destroy(result);
}
