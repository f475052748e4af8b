package parley.bench.bill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import parley.bench.bill.Bill.Amount;
import parley.bench.bill.CapacityUnits.Consistency;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;

/** The bill names the cause of each unit. Item sizes and prices are Amazon's. */
class BillTest {
  private static final TableShape SHAPE =
      new TableShape(
          TableDescription.builder()
              .keySchema(
                  KeySchemaElement.builder().attributeName("par").build(),
                  KeySchemaElement.builder().attributeName("num").build())
              .build());

  private final BillMeter meter = new BillMeter();

  @Test
  void aSizeIsTheSumOfNamesAndValues() {
    assertThat(size("name", AttributeValue.fromS("text"))).isEqualTo(4 + 4);
    assertThat(size("n", AttributeValue.fromS("ü"))).as("UTF-8").isEqualTo(1 + 2);
    assertThat(size("n", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[10])))).isEqualTo(11);
    assertThat(size("n", AttributeValue.fromBool(true))).isEqualTo(1 + 1);
    assertThat(size("n", AttributeValue.fromNul(true))).isEqualTo(1 + 1);
    assertThat(size("n", AttributeValue.fromSs(List.of("a", "bc")))).isEqualTo(1 + 3);
  }

  @Test
  void aNumberTakesAByteForTwoDigitsPlusOne() {
    assertThat(size("n", AttributeValue.fromN("7"))).isEqualTo(1 + 2);
    assertThat(size("n", AttributeValue.fromN("12345"))).isEqualTo(1 + 4);
    assertThat(size("n", AttributeValue.fromN("12000"))).as("zeroes at the end").isEqualTo(1 + 2);
    assertThat(size("n", AttributeValue.fromN("-12"))).isEqualTo(1 + 3);
  }

  @Test
  void aNestedValueTakesThreeBytesPlusOneForEachElement() {
    assertThat(size("n", AttributeValue.fromL(List.of()))).isEqualTo(1 + 3);
    assertThat(size("n", AttributeValue.fromL(List.of(AttributeValue.fromS("ab")))))
        .isEqualTo(1 + 3 + 1 + 2);
    assertThat(size("n", AttributeValue.fromM(Map.of("k", AttributeValue.fromS("ab")))))
        .isEqualTo(1 + 3 + 1 + 1 + 2);
  }

  @Test
  void unitsHaveAmazonsPrice() {
    assertThat(PriceList.dollars(1_000_000, 0)).isCloseTo(0.625, within(1e-9));
    assertThat(PriceList.dollars(0, 1_000_000)).isCloseTo(0.125, within(1e-9));
  }

  @Test
  void theCauseOfAnEventIsItsTypeAndItsLists() throws IOException {
    write(
        "journal-P-conversation|c1-12",
        event(Map.of("t", "entries", "entries", List.of(1)), false));
    write("journal-P-user|u-1-0", event(flushed(), false));
    write("journal-P-user|u-2-0", event(flushed(), true));
    write(
        "journal-P-/sharding/UserShard/7-0", Map.of("ev_ser_manifest", AttributeValue.fromS("AF")));
    assertThat(meter.bill().lines())
        .containsOnly(
            line("conversation", "event", "entries", 1, 1, 0),
            line("user", "event", "flushed(rows+seen)", 2, 2, 0),
            line("sharding", "event", "AF", 1, 1, 0));
  }

  @Test
  void marksSnapshotsAndOtherRowsAreIdentifiedByTheirKeys() {
    write("journal-SH-account|a-0", Map.of());
    write("journal-SL-account|a-0", Map.of());
    write("parley-shards", Map.of());
    Map<String, AttributeValue> snapshot = key("journal-P-user|u#3");
    meter.written("p-snapshots", SHAPE, snapshot, null, snapshot, 1);
    meter.written("p-snapshots", SHAPE, snapshot, snapshot, null, 1);
    meter.written("p-nodes", SHAPE, Map.of(), null, Map.of(), 1);
    assertThat(meter.bill().lines())
        .containsOnly(
            line("account", "high mark", "write", 1, 1, 0),
            line("account", "low mark", "write", 1, 1, 0),
            line("store", "parley-shards", "write", 1, 1, 0),
            line("user", "snapshot", "write", 1, 1, 0),
            line("user", "snapshot", "removal", 1, 1, 0),
            line("store", "nodes", "write", 1, 1, 0));
  }

  @Test
  void refusedAndCancelledWritesHaveSeparateLines() throws IOException {
    Map<String, AttributeValue> key = key("journal-P-user|u-0");
    Map<String, AttributeValue> event = event(flushed(), false);
    meter.refused("p-journal", key, null, event);
    meter.cancelled("p-journal", key, null, event);
    assertThat(meter.bill().lines())
        .containsOnly(
            line("user", "event", "flushed(rows+seen), refused", 1, 1, 0),
            line("user", "event", "flushed(rows+seen), cancelled", 1, 2, 0));
  }

  @Test
  void readsOfARecoveryAndOfAPageHaveDifferentCauses() {
    meter.queried("p-snapshots", "journal-P-conversation|c", 0, Consistency.STRONG, false);
    readLog();
    readLog();
    assertThat(meter.bill().lines())
        .containsOnly(
            line("conversation", "snapshot", "recovery", 1, 0, 1),
            line("conversation", "high mark", "recovery", 1, 0, 1),
            line("conversation", "event", "recovery, last number", 1, 0, 1),
            line("conversation", "low mark", "recovery", 1, 0, 1),
            line("conversation", "event", "recovery", 1, 0, 2),
            line("conversation", "high mark", "page", 1, 0, 1),
            line("conversation", "event", "page, last number", 1, 0, 1),
            line("conversation", "low mark", "page", 1, 0, 1),
            line("conversation", "event", "page", 1, 0, 2));
  }

  @Test
  void aBillTravelsAsTextAndHasDifferences() {
    write("journal-SH-account|a-0", Map.of());
    Bill before = meter.bill();
    write("journal-SH-account|a-0", Map.of());
    readLog();
    assertThat(Bill.parse(meter.bill().json())).isEqualTo(meter.bill());
    assertThat(meter.bill().since(before).total()).isEqualTo(new Amount(5, 1, 5));
  }

  @Test
  void theLineForScriptsHasThePriceOfAMillion() {
    Bill bill = new Bill(Map.of(new BillLine("user", "event", "a"), new Amount(30, 93, 20)));
    assertThat(new StoreCost("online", bill, "message", 10).line())
        .isEqualTo(
            "COST workload=online each=message count=10.0 write_units=9.3000 read_units=2.0000"
                + " dollars_per_million=6.0625 prices=2024-11-01");
    assertThat(new StoreCost("online", bill, "message", 10).table())
        .containsPattern("user +event +a +9.300 +2.000 +6.063");
  }

  private void readLog() {
    meter.read("p-journal", key("journal-SH-conversation|c-0"), null, Consistency.STRONG);
    String events = "journal-P-conversation|c-0";
    meter.queried("p-journal", events, 100, Consistency.STRONG, true);
    meter.read("p-journal", key("journal-SL-conversation|c-0"), null, Consistency.STRONG);
    meter.queried("p-journal", events, 5_000, Consistency.STRONG, false);
  }

  private static Map<String, Object> flushed() {
    return Map.of("t", "flushed", "rows", List.of(1), "seen", List.of(2));
  }

  private void write(String key, Map<String, AttributeValue> rest) {
    Map<String, AttributeValue> item = new HashMap<>(rest);
    item.putAll(key(key));
    meter.written("p-journal", SHAPE, key(key), null, item, 1);
  }

  private static Map<String, AttributeValue> key(String par) {
    return Map.of("par", AttributeValue.fromS(par), "num", AttributeValue.fromN("0"));
  }

  private static Map<String, AttributeValue> event(Map<String, Object> fields, boolean zipped)
      throws IOException {
    Map<String, Object> sorted = new TreeMap<>(fields);
    byte[] bytes = new ObjectMapper(new CBORFactory()).writeValueAsBytes(sorted);
    if (zipped) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
        zip.write(bytes);
      }
      bytes = out.toByteArray();
    }
    return Map.of("event", AttributeValue.fromB(SdkBytes.fromByteArray(bytes)));
  }

  private static long size(String name, AttributeValue value) {
    return ItemSize.bytes(Map.of(name, value));
  }

  private static Map.Entry<BillLine, Amount> line(
      String entity, String row, String cause, long count, double writes, double reads) {
    return Map.entry(new BillLine(entity, row, cause), new Amount(count, writes, reads));
  }
}
