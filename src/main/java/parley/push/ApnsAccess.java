package parley.push;

import com.eatthepath.pushy.apns.ApnsClientBuilder;
import com.eatthepath.pushy.apns.auth.ApnsSigningKey;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Address and credentials of APNs.
 *
 * @param key signs the provider tokens
 * @param topic the app's bundle id
 * @param trustedIssuers issuers that the server's certificate may have; empty for those that the
 *     platform trusts
 */
public record ApnsAccess(
    ApnsSigningKey key, String topic, String host, int port, List<X509Certificate> trustedIssuers) {

  /**
   * Reads the files. Blocks, so it is for the start of a program.
   *
   * @param endpoint server to use instead of Apple's own, or null
   * @param caFile the CA certificates of that endpoint in PEM, or null
   * @throws IllegalArgumentException with one line that names the variable and quotes nothing of
   *     the file
   */
  public static ApnsAccess read(
      Path keyFile,
      String keyId,
      String teamId,
      String topic,
      boolean sandbox,
      @Nullable Endpoint endpoint,
      @Nullable Path caFile) {
    String apples =
        sandbox ? ApnsClientBuilder.DEVELOPMENT_APNS_HOST : ApnsClientBuilder.PRODUCTION_APNS_HOST;
    return new ApnsAccess(
        key(keyFile, keyId, teamId),
        topic,
        endpoint == null ? apples : endpoint.host(),
        endpoint == null ? ApnsClientBuilder.DEFAULT_APNS_PORT : endpoint.port(),
        caFile == null ? List.of() : certificates(caFile));
  }

  /**
   * A server to use instead of the provider's own.
   *
   * @param host a name or an address; an IPv6 address with or without brackets
   */
  public record Endpoint(String host, int port) {
    /** Removes the brackets of an IPv6 address. */
    public Endpoint {
      if (host.startsWith("[") && host.endsWith("]")) {
        host = host.substring(1, host.length() - 1);
      }
    }
  }

  private static ApnsSigningKey key(Path file, String keyId, String teamId) {
    try (InputStream in = Files.newInputStream(file)) {
      return ApnsSigningKey.loadFromInputStream(in, teamId, keyId);
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new IllegalArgumentException(
          "PARLEY_APNS_KEY_FILE: must be the token key as Apple gives it out, a .p8 file (PEM, an"
              + " unencrypted PKCS#8 key)",
          e);
    }
  }

  private static List<X509Certificate> certificates(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      List<X509Certificate> all = new ArrayList<>();
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        all.add((X509Certificate) one);
      }
      if (!all.isEmpty()) {
        return List.copyOf(all);
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw new IllegalArgumentException("PARLEY_APNS_CA_FILE: must hold certificates (PEM)", e);
    }
    throw new IllegalArgumentException("PARLEY_APNS_CA_FILE: must hold certificates (PEM)");
  }

  @Override
  public String toString() {
    return "ApnsAccess[" + host + ":" + port + ", topic=" + topic + ", key=[REDACTED]]";
  }
}
