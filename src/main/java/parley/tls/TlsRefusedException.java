package parley.tls;

import java.io.Serial;

/** Files that cannot be used for TLS. The message is one line and says nothing of a key. */
public final class TlsRefusedException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** Which of the files is the matter. */
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

  /** Which file. */
  public Part part() {
    return part;
  }
}
