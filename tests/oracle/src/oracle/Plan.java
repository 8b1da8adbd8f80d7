package oracle;

/**
 * How much to make. The selection is small enough to be committed; the full set is for one run.
 *
 * @param randoms random messages a pair
 * @param bigEvery one random message in this many may hold large pieces
 * @param faults inputs of each kind of fault, for each base message
 * @param bases messages a pair that faults are put in
 * @param eachVarint whether every kind of varint gets an overlong case of its own
 */
record Plan(int randoms, int bigEvery, int faults, int bases, boolean eachVarint) {
    static final Plan SELECTION = new Plan(6, 16, 2, 2, true);
    static final Plan FULL = new Plan(40, 4, 6, 5, true);
}
