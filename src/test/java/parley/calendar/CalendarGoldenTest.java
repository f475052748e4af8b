package parley.calendar;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;

/** The stored form of the calendar's events. A released file is never edited. */
class CalendarGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static ConversationId id(int number) {
    return ConversationId.group(String.valueOf(number));
  }

  @Test
  void bucketsAndClocksReadAndWriteAsTheyAlwaysDid() throws Exception {
    same(
        "changed",
        CalendarBucketEvent.class,
        new CalendarBucketEvent.Changed(List.of(id(1), id(2)), List.of(id(3))));
    same("bucket", CalendarBucketSnapshot.class, new CalendarBucketSnapshot(List.of(id(1), id(2))));
    same("turned", CalendarClockEvent.class, new CalendarClockEvent.Turned(20_500));
  }

  private static void same(String file, Class<?> type, Object expected) throws Exception {
    try (InputStream in =
        CalendarGoldenTest.class.getResourceAsStream("/golden/calendar/" + file + ".json")) {
      assertThat(in).as(file).isNotNull();
      byte[] golden = in.readAllBytes();
      assertThat(JSON.readValue(golden, type)).isEqualTo(expected);
      assertThat(JSON.readTree(JSON.writeValueAsBytes(expected))).isEqualTo(JSON.readTree(golden));
    }
  }
}
