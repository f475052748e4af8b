package parley.bench.bill;

/**
 * The key of one line of a {@link Bill}.
 *
 * @param entity the kind of entity, from its persistence id ({@code conversation}, {@code user}),
 *     or {@code store} for rows without an entity
 * @param row the kind of row: {@code event}, {@code high mark}, {@code snapshot}, {@code index
 *     entry} …
 * @param cause the reason of the write or read: the type of an event, {@code recovery}, {@code
 *     page} …
 */
public record BillLine(String entity, String row, String cause) {
  BillLine withRow(String other) {
    return new BillLine(entity, other, cause);
  }

  BillLine withCause(String other) {
    return new BillLine(entity, row, other);
  }

  @Override
  public String toString() {
    return entity + ", " + row + ", " + cause;
  }
}
