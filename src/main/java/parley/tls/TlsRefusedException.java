package parley.tls;

import java.io.Serial;

/** The files cannot be used for TLS. The message is one line and quotes nothing of a key. */
public final class TlsRefusedException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** The file that is at fault. */
  public enum Part {
    CERT,
    KEY,
    CA
  }

  private final Part part;

  TlsRefusedException(Part part, String problem) {
    super(problem);
    this.part = part;
  }

  /** The file that is at fault. */
  public Part part() {
    return part;
  }
}
