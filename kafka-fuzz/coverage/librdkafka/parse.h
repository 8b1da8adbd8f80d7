/* Response parsers of librdkafka, which are static in its sources: each file here is compiled in place of the source that it includes. */
#ifndef PARSE_H
#define PARSE_H

#include "rd.h"
#include "rdkafka_int.h"
#include "rdkafka_broker.h"
#include "rdkafka_buf.h"
#include "rdkafka_msgset.h"

void fuzz_metadata(rd_kafka_broker_t *rkb, rd_kafka_buf_t *response);
void fuzz_produce(rd_kafka_broker_t *rkb, rd_kafka_buf_t *response, rd_kafka_buf_t *request);
void fuzz_fetch(rd_kafka_broker_t *rkb, rd_kafka_buf_t *response, rd_kafka_buf_t *request);
/* Returns 0 if there is no parser for the API. */
int fuzz_admin(rd_kafka_t *rk, rd_kafka_buf_t *response);

#endif
