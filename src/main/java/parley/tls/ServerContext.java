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
 * The TLS 1.3 context of a port. Its certificate can be replaced at any time; new connections get
 * the new one.
 */
public final class ServerContext {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private volatile CertifiedContext current;

  /** A certificate and its TLS context. */
  private record CertifiedContext(Certificate certificate, SSLContext context) {}

  /** Starts with this certificate. */
  public ServerContext(Certificate certificate) {
    this.current =
        new CertifiedContext(certificate, context(certificate, clients(certificate), true));
  }

  /** Replaces the certificate for new connections. */
  public void replaceCertificate(Certificate certificate) {
    Certificate before = current.certificate();
    if (!certificate.chain().equals(before.chain())
        || !certificate.authorities().equals(before.authorities())) {
      current = new CertifiedContext(certificate, context(certificate, clients(certificate), true));
    }
  }

  /**
   * The server side of a new connection. With an authority for clients it asks the client for a
   * certificate. A client may present none; one of another authority ends the handshake.
   */
  public SSLEngine engine() {
    CertifiedContext now = current;
    SSLEngine engine = now.context().createSSLEngine();
    engine.setUseClientMode(false);
    engine.setEnabledProtocols(PROTOCOLS);
    engine.setWantClientAuth(!now.certificate().authorities().isEmpty());
    return engine;
  }

  private static @Nullable Collection<X509Certificate> clients(Certificate certificate) {
    return certificate.authorities().isEmpty() ? null : certificate.authorities();
  }

  /**
   * The client side of a new connection to another node's port of this kind. The other node is
   * known by its address, so its name is not checked. Its certificate is accepted if it is this
   * node's own certificate, if its issuer's certificate is in this node's certificate file, or if
   * the given authority has signed it.
   */
  public SSLEngine engineTo(String host, int port, @Nullable X509Certificate authority) {
    Certificate own = current.certificate();
    List<X509Certificate> trusted = new java.util.ArrayList<>(own.chain());
    if (authority != null) {
      trusted.add(authority);
    }
    SSLEngine engine = context(own, trusted, false).createSSLEngine(host, port);
    engine.setUseClientMode(true);
    engine.setEnabledProtocols(PROTOCOLS);
    return engine;
  }

  /** A client presents no certificate: between nodes' ports of this kind only servers are known. */
  private static SSLContext context(
      Certificate certificate, @Nullable Collection<X509Certificate> trusted, boolean server) {
    try {
      // Password of a key store in memory; some providers refuse an empty one.
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
      context.init(server ? own.getKeyManagers() : null, others.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a certificate that was read cannot be used", e);
    }
  }
}
