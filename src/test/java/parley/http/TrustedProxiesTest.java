package parley.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.auth.AuthResult;

/** The client's address of a request, whatever its headers say. */
final class TrustedProxiesTest {
  private static final TrustedProxies OURS =
      TrustedProxies.parse("10.0.0.0/8, 192.168.7.7,fd00::/8");

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        // Without a trusted proxy only the connection's address counts.
        "203.0.113.1; 1.2.3.4; 203.0.113.1",
        "192.168.7.8; 1.2.3.4; 192.168.7.8",
        // One trusted proxy, then two.
        "10.0.0.7; 1.2.3.4; 1.2.3.4",
        "10.0.0.7; 1.2.3.4, 10.1.1.1; 1.2.3.4",
        "192.168.7.7; 1.2.3.4 ,fd00::9; 1.2.3.4",
        "fd12::1; 2001:db8::5; 2001:db8::5",
        // Addresses to the left of the client's may be invented by the client.
        "10.0.0.7; 10.0.0.9, 1.2.3.4; 1.2.3.4",
        "10.0.0.7; 9.9.9.9, 10.0.0.9, 1.2.3.4, 10.0.0.3; 1.2.3.4",
        // All addresses are trusted proxies: the farthest one counts.
        "10.0.0.7; 10.0.0.9, 10.0.0.3; 10.0.0.9",
        // Ports, and IPv4 written as IPv6.
        "10.0.0.7; 1.2.3.4:5678; 1.2.3.4",
        "10.0.0.7; [2001:db8::5]:443; 2001:db8::5",
        "10.0.0.7; [2001:db8::5]; 2001:db8::5",
        "10.0.0.7; ::ffff:1.2.3.4; 1.2.3.4",
        "10.0.0.7; 1.2.3.4, ::ffff:10.0.0.3; 1.2.3.4",
        // A value that is no address ends the search at the proxy that wrote it.
        "10.0.0.7; ''; 10.0.0.7",
        "10.0.0.7; unknown; 10.0.0.7",
        "10.0.0.7; 1.2.3.4, ; 10.0.0.7",
        "10.0.0.7; 1.2.3.4, nonsense, 10.0.0.3; 10.0.0.3",
        "10.0.0.7; localhost; 10.0.0.7",
        "10.0.0.7; 1.2.3; 10.0.0.7",
        "10.0.0.7; 16909060; 10.0.0.7",
        "10.0.0.7; 999.1.1.1; 10.0.0.7",
        "10.0.0.7; 01.2.3.4; 10.0.0.7",
        "10.0.0.7; 1.2.3.4:port; 10.0.0.7",
        "10.0.0.7; [1.2.3.4]; 10.0.0.7",
        "10.0.0.7; [2001:db8::5; 10.0.0.7",
        "10.0.0.7; [2001:db8::5]x; 10.0.0.7",
        "10.0.0.7; fe80::1%eth0; 10.0.0.7",
        "10.0.0.7; :::1; 10.0.0.7",
        "10.0.0.7; '١.٢.٣.٤'; 10.0.0.7",
      })
  void theClientIsTheNewestUntrustedAddress(String peer, String header, String client) {
    assertThat(OURS.client(address(peer), List.of(header))).isEqualTo(address(client));
  }

  @Test
  void severalHeadersAreOneInTheirOrder() {
    InetAddress proxy = address("10.0.0.7");
    assertThat(OURS.client(proxy, List.of("9.9.9.9", "1.2.3.4, 10.0.0.1", "10.0.0.2")))
        .isEqualTo(address("1.2.3.4"));
    assertThat(OURS.client(proxy, List.of())).isEqualTo(proxy);
  }

  @Test
  void onlyABoundedPartOfTheHeaderIsRead() {
    String endless = String.join(",", Collections.nCopies(5_000, "10.0.0.9"));
    assertThat(OURS.client(address("10.0.0.7"), List.of("1.2.3.4," + endless)))
        .isEqualTo(address("10.0.0.9"));
  }

  @Test
  void noProxyIsTrustedByDefault() {
    assertThat(TrustedProxies.NONE.client(address("127.0.0.1"), List.of("1.2.3.4")))
        .isEqualTo(address("127.0.0.1"));
  }

  @Test
  void aClientCannotForgeItsAddress() {
    long seed = System.nanoTime();
    System.out.println("TrustedProxiesTest seed " + seed);
    Random random = new Random(seed);
    String alphabet = "0123456789abcdef:.,[] \t\"=;%-unkowfr/\u0000é";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder junk = new StringBuilder();
      for (int n = random.nextInt(60); n > 0; n--) {
        junk.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      List<String> headers = new ArrayList<>(List.of(junk.toString()));
      // Each honest proxy appends its client, some to the same header and some in a header of their
      // own.
      if (random.nextBoolean()) {
        headers.add("203.0.113.9, 10.0.0.3");
      } else {
        headers.set(0, junk + ", 203.0.113.9");
      }
      assertThat(OURS.client(address("10.0.0.7"), headers)).isEqualTo(address("203.0.113.9"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.0.0.0/8,",
        "proxy.example",
        "10.0.0.0/33",
        "10.0.0.0/0",
        "::/0",
        "fd00::/129",
        "10.0.0.0/-1",
        "10.0.0.0/x",
        "10.0.0.1/8",
        "10.0.0.0/8/8",
        "10.0.0/8",
      })
  void invalidNetworksAreRefused(String text) {
    assertThatThrownBy(() -> TrustedProxies.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("must be ");
  }

  @Test
  void tooManyNetworksAreRefused() {
    assertThat(TrustedProxies.parse(String.join(",", Collections.nCopies(64, "10.0.0.0/8"))))
        .isNotNull();
    assertThatThrownBy(
            () -> TrustedProxies.parse(String.join(",", Collections.nCopies(65, "10.0.0.0/8"))))
        .hasMessageContaining("64");
  }

  @Test
  void theRateIsThatOfTheClientBehindTheProxy() {
    try (HttpHarness httpHarness =
        new HttpHarness(HttpSettings.standard(10, TrustedProxies.parse("127.0.0.1")))) {
      for (int i = 0; i < 20; i++) {
        assertThat(me(httpHarness, "6.6.6." + i + ", 203.0.113.1").statusCode()).isEqualTo(401);
      }
      HttpHarness.problem(me(httpHarness, "7.7.7.7, 203.0.113.1"), 429, "rate_limited");
      assertThat(me(httpHarness, "203.0.113.2").statusCode()).isEqualTo(401);
    }
  }

  @Test
  void loginsAreSlowedForTheClientBehindTheProxy() {
    try (HttpHarness httpHarness =
        new HttpHarness(HttpSettings.standard(1_000, TrustedProxies.parse("127.0.0.0/8")))) {
      httpHarness.identity.onLogin = new AuthResult.BadCredentials();
      int attempts = 0;
      while (login(httpHarness, "203.0.113.1").statusCode() != 429 && attempts < 1_000) {
        attempts++;
      }
      assertThat(attempts).isPositive().isLessThan(1_000);
      assertThat(login(httpHarness, "203.0.113.2").statusCode()).isNotEqualTo(429);
    }
  }

  private static HttpResponse<String> login(HttpHarness httpHarness, String forwardedFor) {
    String body = "{\"username\":\"nobody\",\"password\":\"not the right one\"}";
    return httpHarness.call("POST", "/v1/auth/login", body, "X-Forwarded-For", forwardedFor);
  }

  @Test
  void theHeaderIsIgnoredWithoutTrust() {
    try (HttpHarness httpHarness =
        new HttpHarness(HttpSettings.standard(10, TrustedProxies.parse("10.0.0.0/8")))) {
      for (int i = 0; i < 20; i++) {
        assertThat(me(httpHarness, "203.0.113." + i).statusCode()).isEqualTo(401);
      }
      HttpHarness.problem(me(httpHarness, "203.0.113.99"), 429, "rate_limited");
    }
  }

  private static HttpResponse<String> me(HttpHarness httpHarness, String forwardedFor) {
    return httpHarness.call("GET", "/v1/users/me", null, "X-Forwarded-For", forwardedFor);
  }

  private static InetAddress address(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void tlsIsRequiredOfWhoHasUsedItByAProxyThatIsTrusted() {
    try (HttpHarness httpHarness =
        new HttpHarness(HttpSettings.standard(0, TrustedProxies.parse("127.0.0.0/8")))) {
      for (String path : List.of("/", "/v1/users/me", "/nothing", "/.well-known/jwks.json")) {
        assertThat(strict(httpHarness, path, "X-Forwarded-Proto", "https"))
            .as(path)
            .containsExactly("max-age=31536000");
        assertThat(strict(httpHarness, path, "X-Forwarded-Proto", "http")).as(path).isEmpty();
        assertThat(strict(httpHarness, path)).as(path).isEmpty();
      }
      assertThat(strict(httpHarness, "/", "X-Forwarded-Proto", "HTTPS")).hasSize(1);
      // The first address may be invented by the client.
      assertThat(strict(httpHarness, "/", "X-Forwarded-Proto", "https, http")).isEmpty();
      assertThat(strict(httpHarness, "/", "X-Forwarded-Proto", "")).isEmpty();
    }
    try (HttpHarness httpHarness =
        new HttpHarness(HttpSettings.standard(0, TrustedProxies.parse("10.0.0.0/8")))) {
      assertThat(strict(httpHarness, "/", "X-Forwarded-Proto", "https")).isEmpty();
    }
  }

  private static List<String> strict(HttpHarness httpHarness, String path, String... headers) {
    return httpHarness
        .call("GET", path, null, headers)
        .headers()
        .allValues("Strict-Transport-Security");
  }
}
