package parley.client;

import com.eatthepath.pushy.apns.auth.ApnsVerificationKey;
import com.eatthepath.pushy.apns.server.MockApnsServer;
import com.eatthepath.pushy.apns.server.PushNotificationHandler;
import com.eatthepath.pushy.apns.server.RejectedNotificationException;
import com.eatthepath.pushy.apns.server.RejectionReason;
import com.eatthepath.pushy.apns.server.SilentApnsServerBuilder;
import com.eatthepath.pushy.apns.server.UnregisteredDeviceTokenException;
import com.eatthepath.pushy.apns.server.ValidatingPushNotificationHandlerFactory;
import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Instant;
import java.util.AbstractSet;
import java.util.Base64;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A mock APNs server, based on pushy's, over TLS and HTTP/2 on a free port of the loopback address.
 * It checks path, headers, sizes and the signature of the provider token as Apple does, and then
 * answers as the test says. Tokens are 64 hex digits. Thread-safe.
 */
public final class MockApns implements AutoCloseable {
  public static final String TOPIC = "org.example.parley";

  public static final String KEY_ID = "KEYID12345";
  public static final String TEAM_ID = "TEAMID1234";
  private static final String PASSWORD = "not-a-secret";

  private static @Nullable KeyStore identity;

  /**
   * A received request, whatever its outcome.
   *
   * @param headers with the pseudo headers, by lower case names, without the authorization
   */
  public record Received(
      String token, JsonNode payload, Map<String, String> headers, boolean accepted) {}

  /** The answer to a request. */
  public sealed interface Answer {
    /** 200. */
    record Accept() implements Answer {}

    /** A status and reason of Apple's list. */
    record Reject(RejectionReason reason) implements Answer {}

    /** 410 with its time. */
    record Gone(Instant since) implements Answer {}

    /**
     * No answer, while other requests on this connection get theirs.
     *
     * @param taken whether the notification counts as accepted all the same
     */
    record Silence(boolean taken) implements Answer {}

    /** No answer to any request on this connection until {@link #resume}. */
    record Hang() implements Answer {}
  }

  public static final Answer ACCEPT = new Answer.Accept();
  public static final Answer SILENCE = new Answer.Silence(false);

  /** The notification reaches the device, and there is no answer. */
  public static final Answer TAKEN = new Answer.Silence(true);

  public static final Answer HANG = new Answer.Hang();

  private final Path folder;
  private final X509Certificate certificate;
  private final PrivateKey privateKey;
  private final ApnsVerificationKey verification;
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private volatile Function<String, Answer> answers = token -> ACCEPT;
  private volatile boolean stopping;
  private volatile CountDownLatch hanging = new CountDownLatch(1);
  private @Nullable NioEventLoopGroup threads;
  private @Nullable MockApnsServer server;
  private int port;

  /**
   * Starts it.
   *
   * @param folder gets the certificate and the token key
   */
  public MockApns(Path folder) throws Exception {
    this.folder = folder;
    KeyStore keys = identity(folder.resolve("apns.p12"));
    this.certificate = (X509Certificate) keys.getCertificate("apns");
    this.privateKey = (PrivateKey) keys.getKey("apns", PASSWORD.toCharArray());
    pem(folder.resolve("apns-ca.pem"), "CERTIFICATE", certificate.getEncoded());
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair pair = generator.generateKeyPair();
    pem(keyFile(), "PRIVATE KEY", pair.getPrivate().getEncoded());
    this.verification = new ApnsVerificationKey(KEY_ID, TEAM_ID, (ECPublicKey) pair.getPublic());
    start();
  }

  /** The file of the token key, in Apple's format. */
  public Path keyFile() {
    return folder.resolve("apns-key.p8");
  }

  public Path caFile() {
    return folder.resolve("apns-ca.pem");
  }

  public int port() {
    return port;
  }

  /** The environment variables with which a server pushes to this mock. */
  public Map<String, String> environment() {
    return Map.of(
        "PARLEY_APNS_KEY_FILE",
        keyFile().toString(),
        "PARLEY_APNS_KEY_ID",
        KEY_ID,
        "PARLEY_APNS_TEAM_ID",
        TEAM_ID,
        "PARLEY_APNS_TOPIC",
        TOPIC,
        "PARLEY_APNS_ENDPOINT",
        "127.0.0.1:" + port,
        "PARLEY_APNS_CA_FILE",
        caFile().toString());
  }

  /** Sets the answers from now on, by device token; accepted if there is none. */
  public void answer(Function<String, Answer> byToken) {
    answers = byToken;
  }

  /** The received requests, in the order of arrival. */
  public List<Received> received() {
    return List.copyOf(received);
  }

  /** Answers the requests that {@link #HANG} held. */
  public synchronized void resume() {
    hanging.countDown();
    hanging = new CountDownLatch(1);
  }

  /** Stops listening, and ends its connections. */
  public synchronized void stop() {
    if (server != null && threads != null) {
      stopping = true;
      resume();
      server.shutdown().orTimeout(20, TimeUnit.SECONDS).join();
      threads.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(20, TimeUnit.SECONDS);
      server = null;
      threads = null;
    }
  }

  /** Listens again on the same port. */
  public synchronized void start() throws Exception {
    Set<String> any = new AnyToken();
    ValidatingPushNotificationHandlerFactory apples =
        new ValidatingPushNotificationHandlerFactory(
            Map.of(TOPIC, any),
            Map.of(),
            Map.of(KEY_ID, verification),
            Map.of(verification, Set.of(TOPIC)));
    stopping = false;
    // One thread for each connection, so that a hanging connection holds no other.
    threads = new NioEventLoopGroup(4);
    server =
        new SilentApnsServerBuilder(session -> handler(apples.buildHandler(session)), threads)
            .setServerCredentials(new X509Certificate[] {certificate}, privateKey, null)
            .build();
    port = server.start(port).join();
  }

  private PushNotificationHandler handler(PushNotificationHandler apples) {
    return (headers, payload) -> {
      JsonNode body =
          JsonTrees.parse(payload == null ? "null" : payload.toString(StandardCharsets.UTF_8));
      try {
        apples.handlePushNotification(headers, payload);
        if (decide(token(headers)) instanceof Answer.Silence silence) {
          received.add(new Received(token(headers), body, plain(headers), silence.taken()));
          throw new SilentApnsServerBuilder.Silence();
        }
      } catch (RejectedNotificationException e) {
        received.add(new Received(token(headers), body, plain(headers), false));
        throw e;
      }
      received.add(new Received(token(headers), body, plain(headers), true));
    };
  }

  private Answer decide(String token) throws RejectedNotificationException {
    Answer answer = answers.apply(token);
    switch (answer) {
      case Answer.Accept accept -> {}
      case Answer.Silence silence -> {}
      case Answer.Reject reject -> throw new RejectedNotificationException(reject.reason());
      case Answer.Gone gone -> throw new UnregisteredDeviceTokenException(gone.since());
      case Answer.Hang hang -> {
        try {
          if (!stopping) {
            hanging.await();
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
    return answer;
  }

  private static String token(Http2Headers headers) {
    String path = String.valueOf(headers.path());
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static Map<String, String> plain(Http2Headers headers) {
    Map<String, String> plain = new TreeMap<>();
    headers.forEach(h -> plain.put(h.getKey().toString(), h.getValue().toString()));
    plain.remove("authorization");
    return plain;
  }

  private static void pem(Path file, String what, byte[] der) throws Exception {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Files.writeString(
        file, "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n");
  }

  /** Made once in a process, because it takes a JVM of its own. */
  private static synchronized KeyStore identity(Path file) throws Exception {
    KeyStore known = identity;
    if (known != null) {
      return known;
    }
    Keytool.run(
        "-genkeypair -alias apns -keyalg EC -groupname secp256r1 -dname CN=apns -validity 2"
            + (" -ext SAN=ip:127.0.0.1,dns:localhost -storetype PKCS12 -keystore " + file),
        PASSWORD);
    KeyStore made = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      made.load(in, PASSWORD.toCharArray());
    }
    identity = made;
    return made;
  }

  @Override
  public void close() {
    stop();
  }

  /** pushy's server needs a set of the existing tokens. */
  private static final class AnyToken extends AbstractSet<String> {
    @Override
    public boolean contains(Object token) {
      return true;
    }

    @Override
    public Iterator<String> iterator() {
      return Collections.emptyIterator();
    }

    @Override
    public int size() {
      return 0;
    }
  }
}
