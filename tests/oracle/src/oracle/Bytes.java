package oracle;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Byte strings: big-endian numbers, unsigned varints in canonical and longer forms, hex. */
final class Bytes {
    private Bytes() {
    }

    static byte[] fixed(long value, int width) {
        byte[] out = new byte[width];
        for (int i = 0; i < width; i++) {
            out[i] = (byte) (value >>> (8 * (width - 1 - i)));
        }
        return out;
    }

    /** The shortest form. Only the low 32 bits count. */
    static byte[] varint(long value) {
        return overlong(value, 1);
    }

    /** A form of at least {@code least} bytes. */
    static byte[] overlong(long value, int least) {
        long rest = value & 0xffffffffL;
        ByteArrayOutputStream out = new ByteArrayOutputStream(5);
        while (rest > 0x7f || out.size() + 1 < least) {
            out.write((int) (rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write((int) rest);
        return out.toByteArray();
    }

    /** Five bytes whose last one also has the bits set that a 32-bit number has no room for. */
    static byte[] excessBits(long value) {
        byte[] out = overlong(value, 5);
        out[4] |= 0x70;
        return out;
    }

    static byte[] concat(byte[] a, byte[] b) {
        byte[] out = java.util.Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, out, a.length, b.length);
        return out;
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
