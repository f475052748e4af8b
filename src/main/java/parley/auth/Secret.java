package parley.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.security.MessageDigest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A password, a hash or a token. It prints as {@code [REDACTED]}, so that no record that contains
 * one can put it into a log. The comparison of two secrets takes constant time.
 *
 * @param value the secret itself
 */
public record Secret(@JsonValue String value) {
  /** Null is refused. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public Secret {
    Objects.requireNonNull(value);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Secret secret
        && MessageDigest.isEqual(value.getBytes(UTF_8), secret.value.getBytes(UTF_8));
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return "[REDACTED]";
  }
}
