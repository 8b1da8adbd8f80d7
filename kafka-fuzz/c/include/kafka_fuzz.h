/*
 * The mutator and generator of kafka-fuzz: structure-aware mutation of Kafka protocol messages.
 *
 * Inputs have a shape: what they are, and what stands in front of them. It is a text of words:
 *
 *     DIRECTION PREFIX [API [VERSION]]      "request size-header", "response none Fetch 12"
 *
 * The direction is request or response. The prefix is none, key-version, key-version-le, key-version-bytes, header or size-header.
 * API and version may be left out where the prefix names them. Until kafka_fuzz_set_shape is called, the environment variable
 * KAFKA_FUZZ_SHAPE names the shape; without either it is "request size-header".
 *
 * All functions follow from their arguments and the shape alone. They may be called from several threads at once, except that each state
 * of AFL++ is for one.
 */
#ifndef KAFKA_FUZZ_H
#define KAFKA_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets the shape of inputs. Returns 0, or -1 if the text is not a shape; then nothing changes. */
int kafka_fuzz_set_shape(const char *shape);

/* Writes a valid message of the shape to out, and returns its size. If there is no room for the smallest, its end is cut off. */
size_t kafka_fuzz_generate(uint8_t *out, size_t max_size, uint64_t seed);

/* Corrects the sizes and checksums of record batches in place. Returns 0, or -1 if the bytes do not begin with one. */
int kafka_fuzz_repair_records(uint8_t *records, size_t size);

/*
 * libFuzzer: mutates data in place, and returns its new size. libFuzzer then makes no mutants of its own, and uses no dictionary, unless
 * it is the second mutator.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* libFuzzer: puts a part of the second input into the first, and returns the size of the result in out. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
                                 size_t max_out_size, unsigned int seed);

/*
 * Sets another mutator, which makes every second mutant of LLVMFuzzerCustomMutator, those of even seeds. LLVMFuzzerMutate, which libFuzzer
 * has for this, makes the mutants that libFuzzer makes alone, and uses its dictionary. NULL ends that.
 */
void kafka_fuzz_set_second_mutator(size_t (*mutate)(uint8_t *data, size_t size, size_t max_size));

/* AFL++: the state is that of a mutator; *out_buf is valid until the next call with the same state. */
void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf, uint8_t *add_buf, size_t add_buf_size,
                       size_t max_size);
void afl_custom_deinit(void *data);

#ifdef __cplusplus
}
#endif

#endif
