package parley.bench.bill;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The size of an item as DynamoDB bills it: the names and values of its attributes.
 *
 * <p>Source: "DynamoDB item sizes and formats" in the developer guide. The guide gives only an
 * approximate size of a number: one byte for each two significant digits, and one more. This class
 * adds another byte for the sign of a negative number.
 */
public final class ItemSize {
  private static final int NESTED_BYTES = 3;
  private static final int ELEMENT_BYTES = 1;

  private ItemSize() {}

  /** Returns the size in bytes. */
  public static long bytes(Map<String, AttributeValue> item) {
    return item.entrySet().stream()
        .mapToLong(attribute -> text(attribute.getKey()) + value(attribute.getValue()))
        .sum();
  }

  private static long value(AttributeValue value) {
    return switch (value.type()) {
      case S -> text(value.s());
      case N -> number(value.n());
      case B -> value.b().asByteArrayUnsafe().length;
      case SS -> value.ss().stream().mapToLong(ItemSize::text).sum();
      case NS -> value.ns().stream().mapToLong(ItemSize::number).sum();
      case BS ->
          value.bs().stream().map(SdkBytes::asByteArrayUnsafe).mapToLong(one -> one.length).sum();
      case L ->
          NESTED_BYTES + value.l().stream().mapToLong(one -> ELEMENT_BYTES + value(one)).sum();
      case M -> NESTED_BYTES + bytes(value.m()) + (long) ELEMENT_BYTES * value.m().size();
      case BOOL, NUL -> 1;
      case UNKNOWN_TO_SDK_VERSION -> throw new IllegalArgumentException("unknown type: " + value);
    };
  }

  private static long text(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static long number(String digits) {
    BigDecimal number = new BigDecimal(digits).stripTrailingZeros();
    return (number.precision() + 1L) / 2 + 1 + (number.signum() < 0 ? 1 : 0);
  }
}
