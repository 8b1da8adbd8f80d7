package oracle;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.RawTaggedField;

/** Sets our values on Kafka's generated objects through their setters, found by name. */
final class Binder {
    private static final Map<String, Method> SETTERS = new HashMap<>();

    private Binder() {
    }

    static Message build(Class<?> outer, Class<?> type, StructValue value, int version) throws ReflectiveOperationException {
        Message message = (Message) type.getConstructor().newInstance();
        for (FieldDef field : value.fieldsIn(version)) {
            Method setter = setter(type, field);
            setter.invoke(message, convert(outer, setter.getParameterTypes()[0], field.type, value.get(field), version));
        }
        value.unknown.forEach((tag, data) -> message.unknownTaggedFields().add(new RawTaggedField(tag, data)));
        return message;
    }

    private static Method setter(Class<?> type, FieldDef field) {
        return SETTERS.computeIfAbsent(type.getName() + '#' + field.name, key -> {
            String name = "set" + Character.toUpperCase(field.name.charAt(0)) + field.name.substring(1);
            for (Method m : type.getMethods()) {
                if (m.getName().equals(name) && m.getParameterCount() == 1) {
                    return m;
                }
            }
            throw new IllegalStateException("no setter " + name + " in " + type.getName());
        });
    }

    private static Object convert(Class<?> outer, Class<?> wanted, FieldType type, Object value, int version)
            throws ReflectiveOperationException {
        if (value == null) {
            return null;
        }
        return switch (type.kind()) {
            case INT8 -> ((Long) value).byteValue();
            case INT16 -> ((Long) value).shortValue();
            case UINT16, INT32 -> ((Long) value).intValue();
            case UUID -> new Uuid(((UUID) value).getMostSignificantBits(), ((UUID) value).getLeastSignificantBits());
            case BYTES -> wanted == ByteBuffer.class ? ByteBuffer.wrap((byte[]) value) : value;
            case RECORDS -> records(wanted, (byte[]) value);
            case STRUCT -> build(outer, nested(outer, type), (StructValue) value, version);
            case ARRAY -> array(outer, wanted, type.element(), (List<?>) value, version);
            default -> value;
        };
    }

    private static Class<?> nested(Class<?> outer, FieldType type) throws ReflectiveOperationException {
        return Class.forName(outer.getName() + '$' + type.structName());
    }

    /** MemoryRecords lives in the package of the interface the setter takes, which is another one in each release. */
    private static Object records(Class<?> wanted, byte[] content) throws ReflectiveOperationException {
        return Class.forName(wanted.getPackageName() + ".MemoryRecords")
            .getMethod("readableRecords", ByteBuffer.class).invoke(null, ByteBuffer.wrap(content));
    }

    private static Object array(Class<?> outer, Class<?> wanted, FieldType element, List<?> values, int version)
            throws ReflectiveOperationException {
        @SuppressWarnings("unchecked")
        Collection<Object> out = wanted == List.class
            ? new ArrayList<>()
            : (Collection<Object>) wanted.getConstructor().newInstance();
        Class<?> elementClass = element.is(FieldType.Kind.STRUCT) ? nested(outer, element) : null;
        for (Object value : values) {
            Object bound = convert(outer, elementClass, element, value, version);
            if (!out.add(bound)) {
                throw new IllegalStateException(outer.getName() + ": the collection refused an element");
            }
        }
        return out;
    }
}
