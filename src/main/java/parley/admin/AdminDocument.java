package parley.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.util.ByteString;

/** The OpenAPI document of the calls under {@code /admin}: {@code GET /admin/openapi.json}. */
public final class AdminDocument extends AllDirectives implements AdminRoutes {
  private static final String RESOURCE = "/docs/admin.json";

  private final ByteString document;

  /** Reads the document. Blocks for a moment. */
  public AdminDocument() {
    try (InputStream in = AdminDocument.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is not in the jar");
      }
      this.document = ByteString.fromArray(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Route routes() {
    return path(
        "openapi.json",
        () ->
            get(
                () ->
                    complete(
                        StatusCodes.OK,
                        HttpEntities.create(ContentTypes.APPLICATION_JSON, document))));
  }
}
