package parley.serial;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Makes instances of any record from its declaration: one with every field set, one for each type
 * of a sealed field, and one with null in every nullable field.
 */
final class RecordSamples {
  private final ActorRef<?> someone;

  RecordSamples(ActorRef<?> someone) {
    this.someone = someone;
  }

  /** Instances of a record or an enum, or of every type that a sealed interface permits. */
  List<Object> of(Type type) {
    Class<?> raw = raw(type);
    if (raw == ActorRef.class) {
      return List.of(someone);
    }
    if (raw == List.class) {
      Type element = ((ParameterizedType) type).getActualTypeArguments()[0];
      return List.of(of(element), List.of());
    }
    if (raw.isEnum()) {
      return Arrays.asList(raw.getEnumConstants());
    }
    if (raw.isSealed()) {
      List<Object> all = new ArrayList<>();
      for (Class<?> one : raw.getPermittedSubclasses()) {
        all.addAll(of(one));
      }
      return all;
    }
    if (raw.isRecord()) {
      return records(raw);
    }
    return List.of(simple(raw));
  }

  private static Object simple(Class<?> raw) {
    if (raw == String.class) {
      return "visible";
    }
    if (raw == long.class || raw == Long.class) {
      return 7_000_000_000L;
    }
    if (raw == int.class || raw == Integer.class) {
      return 42;
    }
    if (raw == boolean.class || raw == Boolean.class) {
      return true;
    }
    if (raw == Instant.class) {
      return Instant.ofEpochMilli(1_700_000_000_123L);
    }
    throw new AssertionError("say here how to fill a " + raw);
  }

  private List<Object> records(Class<?> raw) {
    RecordComponent[] fields = raw.getRecordComponents();
    List<List<Object>> choices = new ArrayList<>();
    for (RecordComponent field : fields) {
      choices.add(of(field.getGenericType()));
    }
    List<Object> all = new ArrayList<>();
    Object[] filled = choices.stream().map(List::getFirst).toArray();
    all.add(make(raw, filled));
    for (int i = 0; i < fields.length; i++) {
      for (Object other : choices.get(i).subList(1, choices.get(i).size())) {
        Object[] one = filled.clone();
        one[i] = other;
        all.add(make(raw, one));
      }
    }
    Object[] empty = filled.clone();
    for (int i = 0; i < fields.length; i++) {
      if (nullable(fields[i])) {
        empty[i] = null;
      }
    }
    all.add(make(raw, empty));
    return all;
  }

  private static boolean nullable(RecordComponent field) {
    AnnotatedElement type = field.getAnnotatedType();
    return type.isAnnotationPresent(Nullable.class);
  }

  private static Object make(Class<?> raw, @Nullable Object[] values) {
    try {
      Class<?>[] types =
          Arrays.stream(raw.getRecordComponents())
              .map(RecordComponent::getType)
              .toArray(Class<?>[]::new);
      Constructor<?> constructor = raw.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(raw.getName(), e);
    }
  }

  static Class<?> raw(Type type) {
    return switch (type) {
      case Class<?> c -> c;
      case ParameterizedType p -> raw(p.getRawType());
      case WildcardType w -> {
        assertThat(w.getLowerBounds()).hasSizeLessThanOrEqualTo(1);
        yield raw(w.getLowerBounds().length == 1 ? w.getLowerBounds()[0] : w.getUpperBounds()[0]);
      }
      default -> throw new AssertionError("unknown type " + type);
    };
  }
}
