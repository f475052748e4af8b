package parley.bench.bill;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The size of an item by which DynamoDB bills: the names and values of its attributes.
 *
 * <p>Source: "DynamoDB item sizes and formats" in the developer guide. It calls the size of a
 * number approximate: a byte for each two significant digits, and one more. Here a negative number
 * has another byte, for its sign.
 */
public final class ItemSize {
  private static final int NESTED = 3;
  private static final int ELEMENT = 1;

  private ItemSize() {}

  /** In bytes. */
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
      case L -> NESTED + value.l().stream().mapToLong(one -> ELEMENT + value(one)).sum();
      case M -> NESTED + bytes(value.m()) + (long) ELEMENT * value.m().size();
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
