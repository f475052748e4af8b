package parley.store;

import java.io.Serial;

/** The store cannot be opened. The message is one line for the operator, without a stack trace. */
public final class StoreRefusedException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  StoreRefusedException(String line) {
    super(line);
  }

  StoreRefusedException(String line, Throwable cause) {
    super(line, cause);
  }
}
