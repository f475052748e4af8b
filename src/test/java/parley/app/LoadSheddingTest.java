package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.bounds.LoadGate.Shed;
import parley.control.RuntimeSettings;
import parley.control.SettingCatalog;
import parley.telemetry.Telemetry;

/** What a node leaves out, by made-up measurements. A second is a call. */
class LoadSheddingTest {
  private final Telemetry telemetry = new Telemetry();
  private double mailboxSeconds;

  @AfterEach
  void close() {
    telemetry.close();
  }

  private LoadShedding shedding(Set<String> flagsOff) {
    return new LoadShedding(
        new RuntimeSettings(
            SettingCatalog.of(new SettingCatalog.Defaults(0, 0, 0, 0, 0, 0, 0, 500, 250, flagsOff)),
            System::nanoTime),
        telemetry,
        () -> mailboxSeconds);
  }

  private static void second(LoadShedding load, int sends, int millis) {
    for (int i = 0; i < sends; i++) {
      load.sent(TimeUnit.MILLISECONDS.toNanos(millis));
    }
    load.update();
  }

  private static List<Shed> shed(LoadShedding load) {
    List<Shed> all = new ArrayList<>();
    for (Shed what : Shed.values()) {
      if (load.sheds(what)) {
        all.add(what);
      }
    }
    return all;
  }

  @Test
  void whatPeopleMissLeastIsLeftOutFirst() {
    LoadShedding load = shedding(Set.of());
    assertThat(shed(load)).isEmpty();
    List<List<Shed>> seen = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      second(load, 1_000, 4_500);
      if (seen.isEmpty() || !seen.getLast().equals(shed(load))) {
        seen.add(shed(load));
      }
    }
    assertThat(seen)
        .containsExactly(
            List.of(),
            List.of(Shed.TYPING),
            List.of(Shed.TYPING, Shed.PRESENCE),
            List.of(Shed.TYPING, Shed.PRESENCE, Shed.HISTORY),
            List.of(Shed.TYPING, Shed.PRESENCE, Shed.HISTORY, Shed.CONNECTIONS));
    assertThat(telemetry.scrape())
        .contains("parley_load_level 4.0")
        .containsPattern("parley_shed_total\\{kind=\"typing\"} [1-9]")
        .containsPattern("parley_shed_total\\{kind=\"connections\"} [1-9]");
    // The sends that were slow are over three seconds ago; then five good ones for each level.
    for (int i = 0; i < 3 + 5 * 4; i++) {
      second(load, 1_000, 20);
    }
    assertThat(load.level()).isZero();
  }

  /** Messages cannot be left out: there is no word for it. */
  @Test
  void messagesAreNotAmongWhatIsLeftOut() {
    assertThat(Shed.values())
        .containsExactly(Shed.TYPING, Shed.PRESENCE, Shed.HISTORY, Shed.CONNECTIONS);
  }

  @Test
  void theWaitForAThreadCountsToo() {
    LoadShedding load = shedding(Set.of());
    mailboxSeconds = 0.24;
    second(load, 0, 0);
    second(load, 0, 0);
    assertThat(load.level()).isZero();
    mailboxSeconds = 0.6;
    for (int i = 0; i < 10; i++) {
      second(load, 1_000, 5);
    }
    assertThat(load.level()).isEqualTo(2);
  }

  @Test
  void onePauseAndAQuietNodeLeaveTheLevel() {
    LoadShedding load = shedding(Set.of());
    for (int i = 0; i < 100; i++) {
      second(load, 2, 9_000);
    }
    assertThat(load.level()).as("two slow sends a second are too few to judge").isZero();
    second(load, 1_000, 2_000);
    for (int i = 0; i < 3; i++) {
      second(load, 100_000, 5);
      assertThat(load.level()).isZero();
    }
  }

  @Test
  void theFlagSwitchesItOff() {
    LoadShedding load = shedding(Set.of(SettingCatalog.FLAG_ADMISSION));
    for (int i = 0; i < 20; i++) {
      second(load, 1_000, 9_000);
    }
    assertThat(shed(load)).isEmpty();
  }
}
