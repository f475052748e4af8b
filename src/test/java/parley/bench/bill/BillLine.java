package parley.bench.bill;

/**
 * What units are spent on: one line of a {@link Bill}.
 *
 * @param entity the kind of entity, as its persistence id says ({@code conversation}, {@code
 *     user}), or {@code store} for rows that belong to none
 * @param row the kind of row: {@code event}, {@code mark}, {@code snapshot}, {@code index entry} …
 * @param cause what wrote or read it: the type of an event, {@code recovery}, {@code page} …
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
