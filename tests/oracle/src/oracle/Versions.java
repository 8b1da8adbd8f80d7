package oracle;

/** An inclusive range of versions as the definitions write it: {@code none}, {@code 3}, {@code 0-4} or {@code 2+}. */
record Versions(int low, int high) {
    static final Versions NONE = new Versions(0, -1);

    static Versions parse(String text, Versions otherwise) {
        String t = text == null ? "" : text.trim();
        if (t.isEmpty()) {
            return otherwise;
        }
        if (t.equals("none")) {
            return NONE;
        }
        if (t.endsWith("+")) {
            return new Versions(Integer.parseInt(t.substring(0, t.length() - 1)), Short.MAX_VALUE);
        }
        int dash = t.indexOf('-');
        if (dash < 0) {
            int only = Integer.parseInt(t);
            return new Versions(only, only);
        }
        return new Versions(Integer.parseInt(t.substring(0, dash)), Integer.parseInt(t.substring(dash + 1)));
    }

    boolean contains(int version) {
        return low <= version && version <= high;
    }
}
