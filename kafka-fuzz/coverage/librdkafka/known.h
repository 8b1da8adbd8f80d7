/*
 * Passes over what is known to end the process, so that fuzzing goes on behind it: docs/findings.md has the cases. Included behind the
 * headers and before the source that it changes; without -DPASS_OVER_KNOWN nothing is changed.
 */
#ifdef PASS_OVER_KNOWN

/* Arrays that are null have -1 elements, which is taken for a size. */
#undef rd_kafka_buf_read_arraycnt
#define rd_kafka_buf_read_arraycnt(rkbuf, arrcnt, maxval)                                                                            \
        do {                                                                                                                         \
                if ((rkbuf)->rkbuf_flags & RD_KAFKA_OP_F_FLEXVER) {                                                                  \
                        uint64_t _uva;                                                                                               \
                        rd_kafka_buf_read_uvarint(rkbuf, &_uva);                                                                     \
                        *(arrcnt) = (int32_t)_uva - 1;                                                                               \
                } else {                                                                                                             \
                        rd_kafka_buf_read_i32(rkbuf, arrcnt);                                                                        \
                }                                                                                                                    \
                if (*(arrcnt) < 0 || ((maxval) != -1 && *(arrcnt) > (maxval)) || *(arrcnt) > 100000)                                 \
                        rd_kafka_buf_parse_fail(rkbuf, "ApiArrayCnt %" PRId32 " out of range", *(arrcnt));                           \
        } while (0)

/* A copy of a string on the stack takes the place of the room for an error message. */
#undef RD_KAFKAP_STR_DUPA
#define RD_KAFKAP_STR_DUPA(copy, from)                                                                                               \
        (*(copy) = rd_alloca(RD_KAFKAP_STR_LEN(from) + 512), memset(*(copy), 0, RD_KAFKAP_STR_LEN(from) + 512),                      \
         memcpy(*(copy), (from)->str, RD_KAFKAP_STR_LEN(from)))

/* So does the constant text of an error. */
static RD_UNUSED const char *in_writable_memory(const char *text) {
        static char buffers[2][512];
        static int next;

        next = !next;
        rd_snprintf(buffers[next], sizeof(buffers[next]), "%s", text);
        return buffers[next];
}
#define rd_kafka_err2str(err) in_writable_memory((rd_kafka_err2str)(err))

/* Destroyed again where the end of the message cannot be read. */
#define rd_kafka_aborted_txns_destroy(transactions)                                                                                  \
        do {                                                                                                                         \
                (rd_kafka_aborted_txns_destroy)(transactions);                                                                       \
                transactions = NULL;                                                                                                 \
        } while (0)
#define rd_kafka_topic_partition_list_destroy(partitions)                                                                            \
        do {                                                                                                                         \
                (rd_kafka_topic_partition_list_destroy)(partitions);                                                                 \
                partitions = NULL;                                                                                                   \
        } while (0)

#endif
