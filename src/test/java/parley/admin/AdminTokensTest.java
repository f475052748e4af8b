package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.model.ErrorCode;
import parley.settings.SettingsException;
import parley.tls.Authority;

/** The file of tokens, and who may call with one. */
class AdminTokensTest {
  private static final InetAddress SOMEWHERE = InetAddress.getLoopbackAddress();

  private final AdminToken.Made reader = AdminToken.make("grafana", AdminToken.Right.READ);
  private final AdminToken.Made writer = AdminToken.make("ops@example", AdminToken.Right.WRITE);
  private final AtomicLong nanos = new AtomicLong();

  @TempDir Path folder;

  private Path file(String... lines) throws Exception {
    return Files.writeString(folder.resolve("tokens"), String.join("\n", lines) + "\n");
  }

  private AdminAccess access(@Nullable AdminTokenFile tokens, boolean loopback) {
    return new AdminAccess(tokens, false, loopback, InstantSource.system(), nanos::get);
  }

  private static AdminAccess.Decision decide(AdminAccess access, @Nullable String header) {
    return access.decide(Optional.ofNullable(header), null, Optional.of(SOMEWHERE));
  }

  private static String bearer(AdminToken.Made made) {
    return "Bearer " + made.token();
  }

  private static ErrorCode refusal(AdminAccess.Decision decision) {
    return ((AdminAccess.Refused) decision).code();
  }

  @Test
  void aTokenHasItsNameAndRight() throws Exception {
    AdminTokenFile tokens =
        AdminTokenFile.read(
            file("# who may", "", reader.line().toLine(), "  " + writer.line().toLine()));
    AdminAccess access = access(tokens, true);
    assertThat(decide(access, bearer(reader)))
        .isEqualTo(
            new AdminAccess.Allowed(new AdminAccess.Caller("grafana", AdminToken.Right.READ)));
    assertThat(decide(access, "bearer   " + writer.token()))
        .isEqualTo(
            new AdminAccess.Allowed(new AdminAccess.Caller("ops@example", AdminToken.Right.WRITE)));
  }

  @Test
  void everythingElseIsRefusedAlsoOnTheLoopback() throws Exception {
    AdminTokenFile tokens = AdminTokenFile.read(file(reader.line().toLine()));
    AdminAccess access = access(tokens, true);
    for (String header :
        new String[] {
          null,
          "",
          "Bearer",
          "Bearer ",
          "Bearer " + writer.token(),
          "Bearer " + reader.token() + "x",
          "Bearer " + reader.token().toUpperCase(java.util.Locale.ROOT),
          "Basic " + reader.token(),
          reader.token(),
          "Bearer " + reader.line().toLine().split(" ", -1)[1],
          "Bearer " + "x".repeat(100_000)
        }) {
      nanos.addAndGet(TimeUnit.HOURS.toNanos(1));
      assertThat(refusal(decide(access, header)))
          .as("%.40s", header)
          .isEqualTo(ErrorCode.UNAUTHENTICATED);
    }
  }

  @Test
  void withoutTokensTheLoopbackIsOpenAndNothingElseIs() {
    assertThat(decide(access(null, true), null))
        .isEqualTo(
            new AdminAccess.Allowed(new AdminAccess.Caller("loopback", AdminToken.Right.WRITE)));
    AdminAccess.Refused refused = (AdminAccess.Refused) decide(access(null, false), null);
    assertThat(refused.code()).isEqualTo(ErrorCode.FORBIDDEN);
    assertThat(refused.detail())
        .contains("PARLEY_ADMIN_TOKENS_FILE", "PARLEY_MANAGEMENT_TLS_CLIENT_CA");
    for (String host : new String[] {"127.0.0.1", "localhost", "::1", "127.9.9.9"}) {
      assertThat(AdminAccess.isLoopback(host)).as(host).isTrue();
    }
    for (String host : new String[] {"0.0.0.0", "::", "10.0.0.1"}) {
      assertThat(AdminAccess.isLoopback(host)).as(host).isFalse();
    }
  }

  @Test
  void wrongTokensHaveABudgetThatShutsNobodyOut() throws Exception {
    AdminTokenFile tokens = AdminTokenFile.read(file(writer.line().toLine()));
    AdminAccess access = access(tokens, false);
    for (int i = 0; i < AdminAccess.WRONG_TOKENS; i++) {
      assertThat(refusal(decide(access, "Bearer wrong" + i))).isEqualTo(ErrorCode.UNAUTHENTICATED);
    }
    AdminAccess.Refused limited = (AdminAccess.Refused) decide(access, "Bearer wrong");
    assertThat(limited.code()).isEqualTo(ErrorCode.RATE_LIMITED);
    assertThat(limited.retryAfterMillis()).isEqualTo(AdminAccess.WRONG_TOKEN_INTERVAL.toMillis());
    // Another address has its own budget, and a right token is never refused.
    assertThat(
            refusal(
                access.decide(
                    Optional.of("Bearer wrong"),
                    null,
                    Optional.of(InetAddress.getByName("203.0.113.7")))))
        .isEqualTo(ErrorCode.UNAUTHENTICATED);
    assertThat(decide(access, bearer(writer))).isInstanceOf(AdminAccess.Allowed.class);
    nanos.addAndGet(AdminAccess.WRONG_TOKEN_INTERVAL.toNanos());
    assertThat(refusal(decide(access, "Bearer wrong"))).isEqualTo(ErrorCode.UNAUTHENTICATED);
  }

  /** A customer has a /64: its addresses are one. A site has a /48, and more. */
  @Test
  void theAddressesOfAnIpv6NetworkAreOne() throws Exception {
    AdminAccess access = access(AdminTokenFile.read(file(writer.line().toLine())), false);
    for (int i = 0; i < AdminAccess.WRONG_TOKENS; i++) {
      assertThat(refusal(wrong(access, "2001:db8:1:2::" + i))).isEqualTo(ErrorCode.UNAUTHENTICATED);
    }
    assertThat(refusal(wrong(access, "2001:db8:1:2:ffff::1"))).isEqualTo(ErrorCode.RATE_LIMITED);
    assertThat(refusal(wrong(access, "2001:db8:1:3::1"))).isEqualTo(ErrorCode.UNAUTHENTICATED);
    for (int i = 0; i < AdminAccess.WRONG_TOKENS * AdminAccess.SITE_FACTOR; i++) {
      wrong(access, "2001:db8:1:" + Integer.toHexString(16 + i) + "::1");
    }
    assertThat(refusal(wrong(access, "2001:db8:1:f000::1"))).isEqualTo(ErrorCode.RATE_LIMITED);
    assertThat(refusal(wrong(access, "2001:db8:2:1::1"))).isEqualTo(ErrorCode.UNAUTHENTICATED);
  }

  private static AdminAccess.Decision wrong(AdminAccess access, String from) throws Exception {
    return access.decide(
        Optional.of("Bearer wrong"), null, Optional.of(InetAddress.getByName(from)));
  }

  /** The handshake has checked the certificate once; a connection may outlive it. */
  @Test
  void aCertificateIsCheckedAtEachRequest() throws Exception {
    Instant start = Instant.parse("2026-11-25T00:00:00Z");
    String pem =
        Authority.create(start, start.plus(Duration.ofDays(2)))
            .issue("ann", start, start.plus(Duration.ofDays(1)))
            .certificate();
    X509Certificate certificate =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(
                    new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    AtomicReference<Instant> now = new AtomicReference<>(start.plusSeconds(60));
    AdminAccess access = new AdminAccess(null, true, true, now::get, nanos::get);
    assertThat(access.decide(Optional.empty(), certificate, Optional.of(SOMEWHERE)))
        .isInstanceOf(AdminAccess.Allowed.class);
    for (Instant wrong :
        new Instant[] {start.plus(Duration.ofDays(1)).plusSeconds(1), start.minusSeconds(9)}) {
      now.set(wrong);
      assertThat(refusal(access.decide(Optional.empty(), certificate, Optional.of(SOMEWHERE))))
          .isEqualTo(ErrorCode.UNAUTHENTICATED);
    }
  }

  @Test
  void aChangedFileHoldsFromThenOn() throws Exception {
    Path file = file(reader.line().toLine());
    AdminTokenFile tokens = AdminTokenFile.read(file);
    file(writer.line().toLine());
    assertThat(tokens.find(reader.token())).isNotNull();
    tokens.look();
    assertThat(tokens.find(reader.token())).isNull();
    assertThat(tokens.find(writer.token())).isNotNull();
    // Neither a wrong line nor a missing file takes the tokens away.
    file("ops " + writer.token() + " write");
    tokens.look();
    assertThat(tokens.find(writer.token())).isNotNull();
    Files.delete(file);
    tokens.look();
    assertThat(tokens.find(writer.token())).isNotNull();
    file("");
    tokens.look();
    assertThat(tokens.find(writer.token())).isNull();
  }

  @Test
  void aWrongLineIsNamedAndNotShown() throws Exception {
    String good = reader.line().toLine();
    for (String wrong :
        new String[] {
          "ops " + writer.token() + " write",
          "ops deadbeef write",
          writer.line().toLine() + " more",
          writer.line().toLine().replace(" write", " admin"),
          writer.line().toLine().replace("ops@example", "n".repeat(65))
        }) {
      Path file = file("# first", good, wrong);
      assertThatThrownBy(() -> AdminTokenFile.read(file))
          .isInstanceOf(SettingsException.class)
          .hasMessage("PARLEY_ADMIN_TOKENS_FILE: line 3 is not NAME HASH read|write");
    }
    Path same = file(good, good.replace("grafana", "prometheus"));
    assertThatThrownBy(() -> AdminTokenFile.read(same))
        .hasMessage("PARLEY_ADMIN_TOKENS_FILE: line 2: an earlier line has the same hash");
    Path twice = file(good, good);
    assertThatThrownBy(() -> AdminTokenFile.read(twice))
        .hasMessageContaining("line 2: an earlier line has the name grafana");
    Path large = Files.write(folder.resolve("large"), new byte[AdminTokenFile.MAX_BYTES + 1]);
    assertThatThrownBy(() -> AdminTokenFile.read(large)).hasMessageContaining("65536 bytes");
  }

  @Test
  void nothingPrintsATokenOrItsHash() {
    String hash = writer.line().toLine().split(" ", -1)[1];
    assertThat(writer + " " + writer.line() + " " + writer.line().hash())
        .contains("ops@example")
        .doesNotContain(writer.token())
        .doesNotContain(hash);
  }
}
