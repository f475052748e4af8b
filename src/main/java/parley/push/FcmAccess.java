package parley.push;

import com.google.auth.oauth2.ServiceAccountCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Address and credentials of FCM.
 *
 * @param account signs requests for access tokens; its file names the token server
 * @param endpoint server to use instead of any of Google's own, or null
 */
public record FcmAccess(ServiceAccountCredentials account, @Nullable URI endpoint) {

  /**
   * Reads the file. Blocks, so it is for the start of a program.
   *
   * @throws IllegalArgumentException with one line that names the variable and quotes nothing of
   *     the file
   */
  public static FcmAccess read(Path credentialsFile, @Nullable URI endpoint) {
    try (InputStream in = Files.newInputStream(credentialsFile)) {
      ServiceAccountCredentials account = ServiceAccountCredentials.fromStream(in);
      if (account.getProjectId() != null) {
        return new FcmAccess(account, endpoint);
      }
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(problem(), e);
    }
    throw new IllegalArgumentException(problem());
  }

  private static String problem() {
    return "PARLEY_FCM_CREDENTIALS_FILE: must be the key of a service account as Google gives it"
        + " out (JSON, with its project)";
  }

  @Override
  public String toString() {
    return "FcmAccess[project=" + account.getProjectId() + ", account=[REDACTED]]";
  }
}
