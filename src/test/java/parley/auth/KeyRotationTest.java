package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.Uninterruptibles;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.auth.KeyRing.Rotation;
import parley.auth.SigningKeys.KeyDescription;
import parley.auth.SigningKeys.Use;
import parley.auth.TokenVerdict.Principal;
import parley.auth.TokenVerdict.Rejected;
import parley.auth.TokenVerdict.Unavailable;
import parley.model.UserId;

/** Keys rotate one after the other on nodes that share a store, and no valid token is refused. */
@Timeout(60)
final class KeyRotationTest {
  private static final UserId BOB = new UserId("u_bob");
  private static final Duration LEAD = SigningKeys.LEAD;

  private final AuthTestData.Clock clock = new AuthTestData.Clock();
  private final Shared shared = new Shared(SigningKeys.newKeyText(clock.instant()));
  private final List<AccessTokens> nodes = new ArrayList<>();

  @AfterEach
  void stop() {
    nodes.forEach(AccessTokens::close);
  }

  @Test
  void theNextKeyIsPublishedBeforeItSignsAndTheOldOneUntilItsTokensExpire() throws Exception {
    KeyRing ring = ring();
    AccessTokens node = node(ring);
    String first = kid(node);
    SigningKeys published = rotated(ring, LEAD);
    assertThat(uses(published)).containsExactly(Use.NEXT, Use.SIGNING);
    String next = published.all().get(0).id();
    assertThat(kids(ring)).as("jwks.json").containsExactlyInAnyOrder(first, next);
    assertThat(kid(node)).isEqualTo(first);

    clock.forward(LEAD.minusMillis(1));
    assertThat(kid(node)).isEqualTo(first);
    Secret last = node.issue(BOB, "bob");
    clock.forward(Duration.ofMillis(1));
    assertThat(kid(node)).isEqualTo(next);
    assertThat(uses(ring.keys())).containsExactly(Use.SIGNING, Use.ENDING);
    AccessTokens started = node(ring());
    clock.forward(AccessTokens.LIFE.minusSeconds(2));
    assertThat(verify(started, last)).as("a moment before its end").isInstanceOf(Principal.class);

    clock.forward(SigningKeys.GRACE_PERIOD);
    assertThat(uses(ring.keys())).containsExactly(Use.SIGNING, Use.ENDED);
    assertThat(kids(ring)).containsExactly(next);
    // A thief of the old key cannot make tokens with it.
    String forged = signed(published.all().get(1).jwk(), clock.instant().plusSeconds(600));
    assertThat(verify(started, new Secret(forged))).isInstanceOf(Rejected.class);
  }

  @Test
  void aNodeReadsAnUnknownKeyAtOnce() throws Exception {
    AccessTokens unaware = node(ring());
    KeyRing ring = ring();
    AccessTokens rotator = node(ring);
    rotated(ring, SigningKeys.MIN_LEAD);
    clock.forward(SigningKeys.MIN_LEAD);
    Secret token = rotator.issue(BOB, "bob");
    assertThat(verify(unaware, token)).isInstanceOf(Principal.class);
    assertThat(kid(unaware)).as("from now on it signs with it too").isEqualTo(kid(rotator));
  }

  @Test
  void inventedKeyIdsDoNotFloodTheStore() throws Exception {
    AccessTokens node = node(ring());
    int before = shared.reads.get();
    CountDownLatch open = new CountDownLatch(1);
    shared.beforeRead = open;
    CompletableFuture<TokenVerdict> first = verifying(node, madeUp());
    await().until(() -> shared.reads.get() == before + 1);
    List<CompletableFuture<TokenVerdict>> all = new ArrayList<>();
    for (int i = 0; i < KeyRing.MOST_WAITING + 100; i++) {
      all.add(verifying(node, madeUp()));
    }
    assertThat(all.stream().filter(CompletableFuture::isDone).map(CompletableFuture::join))
        .as("one too many is told to come again")
        .hasSize(100)
        .allMatch(Unavailable.class::isInstance);
    open.countDown();
    assertThat(first.get(30, TimeUnit.SECONDS)).isEqualTo(new Rejected("not our key"));
    for (int i = 0; i < KeyRing.MOST_WAITING; i++) {
      assertThat(all.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(new Rejected("not our key"));
    }
    assertThat(shared.reads).hasValue(before + 2);
  }

  private static CompletableFuture<TokenVerdict> verifying(AccessTokens node, String token) {
    return node.verify(new Secret(token)).toCompletableFuture();
  }

  @Test
  void anImpossibleKeyIdCausesNoRead() throws Exception {
    AccessTokens node = node(ring());
    int before = shared.reads.get();
    ECKey made = new ECKeyGenerator(Curve.P_256).keyID("x").generate();
    String token = signed(made, clock.instant().plusSeconds(600));
    assertThat(verify(node, new Secret(token))).isInstanceOf(Rejected.class);
    ECKey other = new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate();
    assertThat(verify(node, new Secret(signed(other, clock.instant()))))
        .isEqualTo(new Rejected("expired"));
    assertThat(shared.reads).hasValue(before);
  }

  @Test
  void aTokenOfAnUnknownKeyIsUnavailableWhileTheStoreIsDown() throws Exception {
    AccessTokens unaware = node(ring());
    KeyRing ring = ring();
    AccessTokens rotator = node(ring);
    rotated(ring, SigningKeys.MIN_LEAD);
    clock.forward(SigningKeys.MIN_LEAD);
    shared.away = true;
    Secret token = rotator.issue(BOB, "bob");
    assertThat(verify(unaware, token)).isInstanceOf(Unavailable.class);
    shared.away = false;
    assertThat(verify(unaware, token)).isInstanceOf(Principal.class);
  }

  @Test
  void twoConcurrentRotationsMakeOneKey() throws Exception {
    KeyRing one = ring();
    KeyRing two = ring();
    // The other node writes between this node's read and its write.
    AtomicInteger times = new AtomicInteger();
    shared.beforeWrite =
        () -> {
          if (times.getAndIncrement() == 0) {
            rotated(two, LEAD);
          }
        };
    Rotation rotation = rotate(one, LEAD);
    assertThat(((Rotation.Rotated) rotation).changed()).isFalse();
    assertThat(uses(one.keys())).containsExactly(Use.NEXT, Use.SIGNING);
    assertThat(one.keys().text(clock.instant())).isEqualTo(two.keys().text(clock.instant()));
    // A repeated rotation makes no other key, and a shorter lead time brings the key forward.
    assertThat(((Rotation.Rotated) rotate(two, LEAD.plusSeconds(60))).changed()).isFalse();
    Rotation.Rotated sooner = (Rotation.Rotated) rotate(two, SigningKeys.MIN_LEAD);
    assertThat(sooner.changed()).isTrue();
    assertThat(sooner.keys().describe(clock.instant()).get(0).signsFrom())
        .isEqualTo(clock.instant().plus(SigningKeys.MIN_LEAD));
    assertThat(sooner.keys().all()).hasSize(2);
  }

  @Test
  void aRefusedRotationChangesNothing() throws Exception {
    KeyRing ring = ring();
    String before = shared.text;
    assertThat(ring.rotate(LEAD, () -> Optional.of("not now")).toCompletableFuture().get())
        .isEqualTo(new Rotation.Refused("not now"));
    assertThat(shared.text).isEqualTo(before);
  }

  @Test
  void theNumberOfKeysIsBounded() throws Exception {
    KeyRing ring = ring();
    int made = 1;
    while (rotate(ring, SigningKeys.MIN_LEAD) instanceof Rotation.Rotated rotated) {
      assertThat(rotated.keys().all()).hasSize(++made);
      clock.forward(SigningKeys.MIN_LEAD);
    }
    assertThat(made).isEqualTo(SigningKeys.MAX_KEYS);
    clock.forward(Duration.ofDays(1));
    SigningKeys after = rotated(ring, LEAD);
    assertThat(uses(after)).as("what ended long ago goes").containsExactly(Use.NEXT, Use.SIGNING);
  }

  @Test
  void theSigningKeyStaysWhenTheClockGoesBack() throws Exception {
    KeyRing ring = ring();
    AccessTokens node = node(ring);
    rotated(ring, LEAD);
    clock.forward(Duration.ofDays(-400));
    Secret token = node.issue(BOB, "bob");
    assertThat(verify(node, token)).isInstanceOf(Principal.class);
    SigningKeys again = rotated(ring, LEAD);
    assertThat(again.all()).as("the same next key").hasSize(2);
  }

  @Test
  void anEarlierVersionReadsTheSigningKey() throws Exception {
    String old = new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate().toString();
    shared.text = old;
    KeyRing ring = ring();
    AccessTokens node = node(ring);
    String first = ECKey.parse(old).getKeyID();
    assertThat(kid(node)).isEqualTo(first);
    assertThat(shared.text).as("reading it changes nothing").isEqualTo(old);
    rotated(ring, LEAD);
    ECKey asBefore = ECKey.parse(shared.text);
    assertThat(asBefore.computeThumbprint().toString()).isEqualTo(first);
    assertThat(asBefore.isPrivate()).isTrue();
  }

  @Test
  void anUnreadableKeySetChangesNothing() throws Exception {
    KeyRing ring = ring();
    AccessTokens node = node(ring);
    String first = kid(node);
    shared.text = "{\"keys\":[]}";
    ECKey unknown = new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate();
    String token = signed(unknown, clock.instant().plusSeconds(60));
    assertThat(verify(node, new Secret(token))).isInstanceOf(Unavailable.class);
    assertThat(kid(node)).isEqualTo(first);
    assertThat(ring.failures()).isPositive();
    assertThat(ring.unknownKeys()).isPositive();
  }

  @Test
  void theKeyFileIsReplacedAtomicallyAndOnlyItsOwnerCanReadIt(@TempDir Path folder)
      throws Exception {
    KeyRing ring = KeyRing.inFolder(folder, clock);
    // A process was killed during a write.
    Path left = Files.writeString(folder.resolve(SigningKeys.FILE_NAME + "123.new"), "secret");
    rotated(ring, LEAD);
    Path file = folder.resolve(SigningKeys.FILE_NAME);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(left).doesNotExist();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
    KeyRing read = KeyRing.inFolder(folder, clock);
    assertThat(uses(read.keys())).containsExactly(Use.NEXT, Use.SIGNING);
    assertThat(read.keys().describe(clock.instant()))
        .isEqualTo(ring.keys().describe(clock.instant()));
    ring.close();
    read.close();
  }

  @Test
  void anOperatorsKeyFileIsReadAgainWhenItsLinkChanges(@TempDir Path folder) throws Exception {
    ECKey old = new ECKeyGenerator(Curve.P_256).generate();
    ECKey young = new ECKeyGenerator(Curve.P_256).generate();
    // As Kubernetes mounts a Secret: key → ..data/key, ..data → the version.
    version(folder, "v1", new JWKSet(List.of(old)).toString(false));
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("v1"));
    Path file = folder.resolve("key");
    Files.createSymbolicLink(file, Path.of("..data", "key"));
    KeyRing ring = KeyRing.fromFile(file, clock);
    AccessTokens node = node(ring);
    assertThat(kid(node)).isEqualTo(id(old));
    assertThat(rotate(ring, LEAD)).asString().contains("PARLEY_AUTH_KEY_FILE");

    version(folder, "v2", new JWKSet(List.of(old, young)).toString(false));
    move(folder, "v2");
    // A token with the new key, from a node that switched first, makes this node read the store.
    Secret token = new Secret(signed(kidded(young), clock.instant().plusSeconds(600)));
    assertThat(verify(node, token)).isInstanceOf(Principal.class);
    assertThat(kid(node)).as("the first signs").isEqualTo(id(old));
    Secret before = node.issue(BOB, "bob");

    version(folder, "v3", new JWKSet(List.of(young, old)).toString(false));
    move(folder, "v3");
    await().until(() -> seen(node, ring, young));
    assertThat(verify(node, before)).isInstanceOf(Principal.class);

    version(folder, "v4", "half of a f");
    move(folder, "v4");
    assertThat(verify(node, new Secret(madeUp()))).isInstanceOf(Unavailable.class);
    assertThat(kid(node)).isEqualTo(id(young));
    // The last key only checks signatures, so its private half may be missing.
    version(folder, "v5", new JWKSet(List.of(young, old.toPublicJWK())).toString(false));
    move(folder, "v5");
    assertThat(verify(node, new Secret(madeUp()))).isInstanceOf(Rejected.class);
    Secret again = new Secret(signed(kidded(old), clock.instant().plusSeconds(500)));
    assertThat(verify(node, again)).isInstanceOf(Principal.class);
    version(folder, "v6", new JWKSet(young).toString(false));
    move(folder, "v6");
    assertThat(verify(node, new Secret(madeUp()))).isInstanceOf(Rejected.class);
    assertThat(verify(node, again)).as("not remembered").isInstanceOf(Rejected.class);
  }

  private boolean seen(AccessTokens node, KeyRing ring, ECKey signing) throws Exception {
    ring.refresh().toCompletableFuture().get(30, TimeUnit.SECONDS);
    return kid(node).equals(id(signing));
  }

  private String madeUp() throws Exception {
    ECKey other = new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate();
    return signed(other, clock.instant().plusSeconds(60));
  }

  private static void version(Path folder, String name, String text) throws IOException {
    Files.writeString(Files.createDirectory(folder.resolve(name)).resolve("key"), text);
  }

  private static void move(Path folder, String name) throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("..tmp"), Path.of(name));
    Files.move(
        link,
        folder.resolve("..data"),
        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private static ECKey kidded(ECKey key) throws Exception {
    return new ECKey.Builder(key).keyIDFromThumbprint().build();
  }

  private static String id(ECKey key) throws Exception {
    return key.computeThumbprint().toString();
  }

  private static String signed(ECKey key, Instant end) throws Exception {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build(),
            new JWTClaimsSet.Builder()
                .issuer("parley")
                .subject("u_bob")
                .claim("username", "bob")
                .expirationTime(Date.from(end))
                .build());
    jwt.sign(new ECDSASigner(key));
    return jwt.serialize();
  }

  private KeyRing ring() throws IOException {
    return KeyRing.open(shared, clock, Duration.ofMillis(100));
  }

  private AccessTokens node(KeyRing ring) {
    AccessTokens node = new AccessTokens(ring, Optional.empty(), clock);
    nodes.add(node);
    return node;
  }

  private String kid(AccessTokens node) throws Exception {
    return SignedJWT.parse(node.issue(BOB, "bob").value()).getHeader().getKeyID();
  }

  private static List<String> kids(KeyRing ring) throws Exception {
    return JWKSet.parse(ring.jwks()).getKeys().stream().map(key -> key.getKeyID()).toList();
  }

  private List<Use> uses(SigningKeys keys) {
    return keys.describe(clock.instant()).stream().map(KeyDescription::use).toList();
  }

  private static SigningKeys rotated(KeyRing ring, Duration lead) {
    return ((Rotation.Rotated) rotate(ring, lead)).keys();
  }

  private static Rotation rotate(KeyRing ring, Duration lead) {
    return ring.rotate(lead, Optional::empty)
        .toCompletableFuture()
        .orTimeout(30, TimeUnit.SECONDS)
        .join();
  }

  private static TokenVerdict verify(AccessTokens node, Secret token) {
    return node.verify(token).toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  /** The store that all nodes read. */
  private static final class Shared implements SigningKeyStore {
    final AtomicInteger reads = new AtomicInteger();
    volatile String text;
    volatile boolean away;
    volatile Runnable beforeWrite = () -> {};
    volatile CountDownLatch beforeRead = new CountDownLatch(0);

    Shared(String text) {
      this.text = text;
    }

    @Override
    public String read() throws IOException {
      reads.incrementAndGet();
      Uninterruptibles.awaitUninterruptibly(beforeRead);
      if (away) {
        throw new IOException("is away");
      }
      return text;
    }

    @Override
    public boolean replace(String before, String after) {
      beforeWrite.run();
      synchronized (this) {
        if (!text.equals(before)) {
          return false;
        }
        text = after;
        return true;
      }
    }

    @Override
    public String name() {
      return "PARLEY_TEST: the keys";
    }
  }
}
