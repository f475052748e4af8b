package parley.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.3 with a certificate that may be replaced while it is used: connections that come later get
 * the later one.
 */
public final class ServerContext {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private volatile Held held;

  /** A certificate and what was made of it. */
  private record Held(Certificate certificate, SSLContext context) {}

  /** Begins with this certificate. */
  public ServerContext(Certificate certificate) {
    this.held = new Held(certificate, context(certificate, null));
  }

  /** Uses this one from now on. */
  public void use(Certificate certificate) {
    if (!certificate.chain().equals(held.certificate().chain())) {
      held = new Held(certificate, context(certificate, null));
    }
  }

  /** The server's side of a connection. */
  public SSLEngine engine() {
    SSLEngine engine = held.context().createSSLEngine();
    engine.setUseClientMode(false);
    engine.setEnabledProtocols(PROTOCOLS);
    return engine;
  }

  /**
   * The client's side of a connection to another node's port of this kind, which is known by
   * address: accepted if it has our certificate, or one from an issuer whose certificate is in our
   * file, or of that authority.
   */
  public SSLEngine engineTo(String host, int port, @Nullable X509Certificate authority) {
    Certificate own = held.certificate();
    List<X509Certificate> trusted = new java.util.ArrayList<>(own.chain());
    if (authority != null) {
      trusted.add(authority);
    }
    SSLEngine engine = context(own, trusted).createSSLEngine(host, port);
    engine.setUseClientMode(true);
    engine.setEnabledProtocols(PROTOCOLS);
    return engine;
  }

  private static SSLContext context(
      Certificate certificate, @Nullable Collection<X509Certificate> trusted) {
    try {
      // In memory only; some providers refuse an empty one.
      char[] none = {'-'};
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, none);
      keys.setKeyEntry(
          "own", certificate.key(), none, certificate.chain().toArray(X509Certificate[]::new));
      KeyManagerFactory own =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      own.init(keys, none);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      if (trusted == null) {
        context.init(own.getKeyManagers(), null, null);
        return context;
      }
      KeyStore anchors = KeyStore.getInstance("PKCS12");
      anchors.load(null, none);
      for (X509Certificate one : trusted) {
        anchors.setCertificateEntry("anchor-" + anchors.size(), one);
      }
      TrustManagerFactory others =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      others.init(anchors);
      context.init(null, others.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a certificate that was read cannot be used", e);
    }
  }
}
