import java.lang.reflect.Field;
import java.lang.reflect.Modifier;

/** Prints the constants of Kafka's classes: class, constant and what messages hold, separated by tabs. */
public class Enumerations {
    public static void main(String[] classes) throws Exception {
        for (String name : classes) {
            Class<?> type;
            try {
                type = Class.forName(name, false, Enumerations.class.getClassLoader());
            } catch (ClassNotFoundException e) {
                System.err.println(name);
                continue;
            }
            if (type.isEnum()) {
                for (Object constant : type.getEnumConstants()) {
                    print(name, ((Enum<?>) constant).name(), value(type, constant));
                }
            } else {
                for (Field field : type.getDeclaredFields()) {
                    boolean isValue = field.getType().isPrimitive() || field.getType() == String.class;
                    if (Modifier.isStatic(field.getModifiers()) && isValue) {
                        field.setAccessible(true);
                        print(name, field.getName(), field.get(null));
                    }
                }
            }
        }
    }

    /** The number of a constant, or its text where it has no number. */
    private static Object value(Class<?> type, Object constant) throws Exception {
        for (String name : new String[] {"id", "code", "value", "type", "name"}) {
            try {
                Field field = type.getDeclaredField(name);
                field.setAccessible(true);
                return field.get(constant);
            } catch (NoSuchFieldException e) {
                continue;
            }
        }
        throw new IllegalStateException(type + " holds neither number nor text");
    }

    private static void print(String type, String constant, Object value) {
        System.out.println(type + "\t" + constant + "\t" + value);
    }
}
