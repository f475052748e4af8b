package parley.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.text.ParseException;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key that signs access tokens: ES256 (ECDSA on P-256), known by its RFC 7638 thumbprint. In a
 * cluster every node needs the same one. Reading and making it blocks: at the start only.
 */
public final class SigningKeys {
  /** The key's file in the data folder: a JWK, for its owner only. */
  public static final String FILE_NAME = "auth-signing-key.json";

  private static final Logger log = LoggerFactory.getLogger(SigningKeys.class);
  private static final int MAX_FILE_BYTES = 64 * 1024;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final ECKey key;

  private SigningKeys(ECKey key) throws JOSEException {
    this.key =
        new ECKey.Builder(key)
            .keyIDFromThumbprint()
            .algorithm(JWSAlgorithm.ES256)
            .keyUse(KeyUse.SIGNATURE)
            .build();
  }

  /**
   * The key of this data folder, made there if there is none: complete or not at all, whenever the
   * power goes, and the same for two processes that start at once.
   *
   * @throws IllegalArgumentException in one line that names PARLEY_DATA_DIR, if it cannot be
   */
  public static SigningKeys inFolder(Path folder) {
    Path file = folder.resolve(FILE_NAME);
    if (!Files.exists(file)) {
      try {
        Files.createDirectories(folder);
        create(file);
      } catch (IOException e) {
        throw bad("PARLEY_DATA_DIR", file, "cannot be made (" + e.getClass().getSimpleName() + ")");
      }
    }
    warnIfOpen(file);
    return read(file, "PARLEY_DATA_DIR");
  }

  /**
   * The key in this file: PEM (PKCS#8 or SEC 1, not encrypted) or a JWK, with the private half.
   *
   * @throws IllegalArgumentException in one line that names PARLEY_AUTH_KEY_FILE, if there is none
   */
  public static SigningKeys fromFile(Path file) {
    return read(file, "PARLEY_AUTH_KEY_FILE");
  }

  /**
   * The key in this text, a JWK as {@link #make} gives it.
   *
   * @throws IllegalArgumentException in one line that names PARLEY_STORE, if it is none
   */
  public static SigningKeys kept(String text) {
    return parse(text.strip(), "PARLEY_STORE: the signing key kept in the store");
  }

  /** A new key as a JWK, with the private half. */
  public static String make() {
    try {
      return new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate().toString();
    } catch (JOSEException e) {
      throw new IllegalStateException("this Java has no curve P-256", e);
    }
  }

  /** The body of {@code /.well-known/jwks.json}: a JWK set, the public half only. */
  public String jwks() {
    return new JWKSet(key.toPublicJWK()).toString(true);
  }

  /** The key's id, as in the header of each token. */
  public String keyId() {
    return key.getKeyID();
  }

  /** Both halves, for {@link AccessTokens}. */
  ECKey key() {
    return key;
  }

  @Override
  public String toString() {
    return "SigningKeys[" + keyId() + "]";
  }

  private static SigningKeys read(Path file, String setting) {
    String text;
    try (InputStream in = Files.newInputStream(file)) {
      text = new String(in.readNBytes(MAX_FILE_BYTES), UTF_8).strip();
    } catch (IOException e) {
      throw bad(setting, file, "cannot be read (" + e.getClass().getSimpleName() + ")");
    }
    return parse(text, setting + ": key file " + file);
  }

  private static SigningKeys parse(String text, String where) {
    try {
      ECKey key = text.startsWith("{") ? ECKey.parse(text) : EcPem.parse(text);
      if (!key.isPrivate() || !Curve.P_256.equals(key.getCurve())) {
        throw new IllegalArgumentException(where + " is not a private key of the curve P-256");
      }
      return new SigningKeys(key);
    } catch (ParseException | GeneralSecurityException | JOSEException | IllegalStateException e) {
      // The reason may quote the key, and the key is a secret.
      throw new IllegalArgumentException(
          where + " is neither PEM nor JWK with an EC private key (P-256)");
    }
  }

  private static IllegalArgumentException bad(String setting, Path file, String what) {
    return new IllegalArgumentException(setting + ": key file " + file + " " + what);
  }

  private static void create(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    String json = make();
    FileAttribute<?>[] owner =
        isPosix()
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
            : new FileAttribute<?>[0];
    Path temp = Files.createTempFile(folder, FILE_NAME, ".new", owner);
    try {
      try (FileChannel out = FileChannel.open(temp, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(json.getBytes(UTF_8));
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      // A link and not a rename: it is as atomic, but never replaces the key another process has
      // put there in the meantime and already signs with.
      Files.createLink(file, temp);
      log.info("made a signing key for access tokens: {}", file);
    } catch (FileAlreadyExistsException e) {
      log.debug("another process made {} first", file);
    } catch (UnsupportedOperationException e) {
      Files.move(temp, file); // No links on this file system: the folder's lock has to do.
    } finally {
      Files.deleteIfExists(temp);
    }
    if (isPosix()) {
      try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
        entries.force(true);
      }
    }
  }

  private static void warnIfOpen(Path file) {
    try {
      if (isPosix() && !OWNER_ONLY.containsAll(Files.getPosixFilePermissions(file))) {
        log.warn("others can read the signing key {}: chmod 600", file);
      }
    } catch (IOException e) {
      log.debug("no permissions of {}", file, e);
    }
  }

  private static boolean isPosix() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  }
}
