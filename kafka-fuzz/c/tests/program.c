/* Calls everything in kafka_fuzz.h; prints a checksum of all that comes out. */
#include "kafka_fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t sum = 14695981039346656037u;

static void add(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) sum = (sum ^ bytes[i]) * 1099511628211u;
}

static void check(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        exit(1);
    }
}

static int calls;

/* A mutator as LLVMFuzzerMutate: another first byte. */
static size_t second(uint8_t *bytes, size_t size, size_t max_size) {
    check(bytes != NULL && max_size > 0, "the second mutator is called without room");
    calls++;
    bytes[0] ^= 1;
    return size > 0 ? size : 1;
}

int main(void) {
    static uint8_t data[4096], out[4096];
    check(kafka_fuzz_set_shape("no shape") == -1, "a text that is no shape is taken");
    check(kafka_fuzz_set_shape(NULL) == -1, "null is taken");
    check(kafka_fuzz_set_shape("request size-header") == 0, "a shape is refused");
    size_t size = kafka_fuzz_generate(data, sizeof data, 1);
    check(size > 8, "nothing is generated");
    add(data, size);
    for (unsigned int seed = 0; seed < 1000; seed++) {
        size = LLVMFuzzerCustomMutator(data, size, sizeof data, seed);
        check(size <= sizeof data, "a mutant has no room");
        add(data, size);
    }
    static uint8_t shared[4096];
    memcpy(shared, data, size);
    kafka_fuzz_set_second_mutator(second);
    for (unsigned int seed = 0; seed < 10; seed++) {
        size_t length = LLVMFuzzerCustomMutator(shared, size, sizeof shared, seed);
        check(length <= sizeof shared, "a mutant has no room");
        check(seed % 2 || length == size, "the mutants of even seeds are of the second mutator");
    }
    check(calls == 5, "every second mutant is of the second mutator");
    check(LLVMFuzzerCustomMutator(NULL, 0, 0, 2) == 0, "null is written to");
    kafka_fuzz_set_second_mutator(NULL);
    LLVMFuzzerCustomMutator(shared, size, sizeof shared, 2);
    check(calls == 5, "the second mutator is gone");
    uint8_t other[1024];
    size_t other_size = kafka_fuzz_generate(other, sizeof other, 2);
    size_t crossed = LLVMFuzzerCustomCrossOver(data, size, other, other_size, out, sizeof out, 3);
    check(crossed <= sizeof out, "a crossed input has no room");
    add(out, crossed);
    /* No room at all, and no input at all. */
    check(LLVMFuzzerCustomMutator(data, 0, 0, 1) == 0, "no room is written to");
    check(LLVMFuzzerCustomMutator(NULL, 0, 0, 1) == 0, "null is written to");
    check(kafka_fuzz_generate(NULL, 0, 1) == 0, "null is written to");
    check(kafka_fuzz_repair_records(data, 3) == -1, "three bytes are records");

    void *state = afl_custom_init(NULL, 7);
    uint8_t *mutant = NULL;
    size = kafka_fuzz_generate(data, sizeof data, 4);
    for (int round = 0; round < 1000; round++) {
        size_t length = afl_custom_fuzz(state, data, size, &mutant, other, other_size, sizeof data);
        check(length <= sizeof data && mutant != NULL, "a mutant for AFL++ has no room");
        add(mutant, length);
        memcpy(data, mutant, length);
        size = length;
    }
    afl_custom_deinit(state);
    afl_custom_deinit(NULL);
    printf("%016llx\n", (unsigned long long)sum);
    return 0;
}
