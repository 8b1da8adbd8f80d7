package oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/** Kafka's generated classes for one message: reads, writes and converts to JSON with them. */
final class JavaMessage {
    private final Class<?> dataClass;
    private final Method toJson;

    /** What reading made of some bytes. */
    record Read(Message message, int consumed) {
    }

    JavaMessage(MessageDef def) throws ReflectiveOperationException {
        dataClass = Class.forName(def.dataClass());
        toJson = Class.forName(def.converterClass()).getMethod("write", dataClass, short.class);
    }

    Message build(StructValue value, int version) throws ReflectiveOperationException {
        return Binder.build(dataClass, dataClass, value, version);
    }

    /** Size pass and write pass, as Kafka does it; both must agree. */
    static byte[] write(Message message, int version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        int size = message.size(cache, (short) version);
        ByteBuffer buffer = ByteBuffer.allocate(size);
        message.write(new ByteBufferAccessor(buffer), cache, (short) version);
        if (buffer.hasRemaining()) {
            throw new IllegalStateException("size said " + size + ", written were " + buffer.position());
        }
        return buffer.array();
    }

    Read read(byte[] bytes, int version) throws ReflectiveOperationException {
        Message message = (Message) dataClass.getConstructor().newInstance();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        message.read(new ByteBufferAccessor(buffer), (short) version);
        return new Read(message, buffer.position());
    }

    JsonNode json(Message message, int version) throws ReflectiveOperationException {
        try {
            return (JsonNode) toJson.invoke(null, message, (short) version);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(dataClass.getName() + " to JSON: " + e.getCause(), e.getCause());
        }
    }
}
