package oracle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/** The file: gzip'd lines of JSON, the same bytes for the same lines. Counts what it wrote. */
final class Output implements AutoCloseable {
    private final ObjectMapper mapper = new ObjectMapper();
    private final OutputStream out;
    private final String release;
    final Map<String, Integer> lines = new TreeMap<>();

    Output(Path file, String release) throws IOException {
        this.release = release;
        this.out = new GZIPOutputStream(Files.newOutputStream(file), 1 << 16) {
            {
                def.setLevel(java.util.zip.Deflater.BEST_COMPRESSION);
            }
        };
    }

    ObjectNode line(String kind) {
        return JsonNodeFactory.instance.objectNode().put("kind", kind).put("release", release);
    }

    void write(ObjectNode line) {
        try {
            out.write((mapper.writeValueAsString(line) + '\n').getBytes(StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a line is no JSON: " + line, e);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        String fault = line.path("fault").asText();
        lines.merge(line.get("kind").asText() + (fault.isEmpty() ? "" : " " + fault + " " + line.get("verdict").asText()),
            1, Integer::sum);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
