package parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.tls.Authority;
import parley.tls.Certificate;
import parley.tls.TlsFiles;

/** What the log and the meter say of a certificate that is about to expire. */
class CertificateWatchTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;
  private Instant now = START;

  @Test
  void theEndIsToldInTimeAndNotTooOften() throws Exception {
    Authority authority = Authority.create(START, START.plus(Duration.ofDays(1000)));
    TlsFiles files = TlsFiles.in(folder);
    put(files, authority, START.plus(Duration.ofDays(90)));
    CertificateWatch watch =
        new CertificateWatch(
            "PARLEY_NODE_TLS_CERT",
            "connections between nodes",
            () -> Certificate.ofNode(files, now).expiresAt(),
            () -> now);
    assertThat(watch.look()).isNull();
    assertThat(watch.daysLeft()).isEqualTo(90);

    now = START.plus(Duration.ofDays(77));
    assertThat(watch.look()).startsWith("PARLEY_NODE_TLS_CERT: ends in 13 days");
    for (int minute = 0; minute < 600; minute++) {
      now = now.plusSeconds(1);
      assertThat(watch.look())
          .as("once for each day")
          .satisfiesAnyOf(
              line -> assertThat(line).isNull(), line -> assertThat(line).contains("12 days"));
    }

    now = START.plus(Duration.ofDays(91));
    assertThat(watch.look())
        .startsWith("PARLEY_NODE_TLS_CERT: new connections between nodes are refused: ")
        .contains("has expired on 2026-04-01T00:00:00Z");
    assertThat(watch.look()).isNull();
    assertThat(watch.daysLeft()).isNotPositive();
    now = now.plus(Duration.ofDays(1));
    assertThat(watch.look()).contains("has expired");

    put(files, authority, now.plus(Duration.ofDays(90)));
    assertThat(watch.look()).isNull();
    assertThat(watch.daysLeft()).isEqualTo(90);
    Files.delete(files.key());
    assertThat(watch.look()).contains("are refused: cannot read");
    assertThat(watch.daysLeft()).isZero();
    watch.close();
  }

  private void put(TlsFiles files, Authority authority, Instant end) throws Exception {
    Authority.Issued issued = authority.issue(START, end);
    Files.writeString(files.cert(), issued.certificate());
    Files.writeString(files.key(), issued.key());
    Files.writeString(folder.resolve(TlsFiles.CA), authority.certificate());
  }
}
