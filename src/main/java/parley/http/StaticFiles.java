package parley.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The files of a folder of the class path, read once at the start. A request is only looked up in a
 * map. So no path, however written, leads out of the folder, and a client cannot make the server
 * hold more than these files.
 */
final class StaticFiles {
  private final Map<String, File> files;

  private StaticFiles(Map<String, File> files) {
    this.files = Map.copyOf(files);
  }

  /**
   * A file.
   *
   * @param etag strong, with its quotes
   */
  record File(ContentType type, String etag, ByteString bytes) {}

  /** The file of this name, such as {@code app/main.js}, or null. */
  @Nullable File get(String name) {
    return files.get(name);
  }

  /** The texts among the files: all Markdown and JSON, by name. */
  Map<String, String> texts() {
    Map<String, String> texts = new HashMap<>();
    files.forEach(
        (name, file) -> {
          if (name.endsWith(".md") || name.endsWith(".json")) {
            texts.put(name, file.bytes().utf8String());
          }
        });
    return texts;
  }

  /** A file from memory, which is in no folder. */
  static File file(ContentType type, byte[] bytes) {
    return new File(type, etag(bytes), ByteString.fromArray(bytes));
  }

  /** All files of a folder of the class path; none if there is no such folder. */
  static StaticFiles load(String folder) {
    @Nullable URL url = StaticFiles.class.getClassLoader().getResource(folder);
    if (url == null) {
      return new StaticFiles(Map.of());
    }
    try {
      URI uri = url.toURI();
      if (uri.getScheme().equals("jar")) {
        try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
          return read(jar.getPath(folder));
        }
      }
      return read(Path.of(uri));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static StaticFiles read(Path root) throws IOException {
    List<Path> paths;
    try (Stream<Path> all = Files.walk(root)) {
      paths = all.filter(Files::isRegularFile).toList();
    }
    Map<String, File> files = new HashMap<>();
    for (Path path : paths) {
      String name = root.relativize(path).toString().replace('\\', '/');
      files.put(name, file(type(name), Files.readAllBytes(path)));
    }
    return new StaticFiles(files);
  }

  private static String etag(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return '"' + HexFormat.of().formatHex(hash, 0, 16) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static ContentType type(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> ContentTypes.TEXT_HTML_UTF8;
      case "js", "mjs" ->
          MediaTypes.customWithOpenCharset("text", "javascript", Map.of(), false)
              .toContentType(HttpCharsets.UTF_8);
      case "css" -> ContentTypes.create(MediaTypes.TEXT_CSS, HttpCharsets.UTF_8);
      case "json" -> ContentTypes.APPLICATION_JSON;
      case "webmanifest" -> fixed("application", "manifest+json");
      case "yaml", "yml", "txt", "md" -> ContentTypes.TEXT_PLAIN_UTF8;
      case "svg" -> MediaTypes.IMAGE_SVG_XML.toContentType();
      case "png" -> MediaTypes.IMAGE_PNG.toContentType();
      case "ico" -> MediaTypes.IMAGE_X_ICON.toContentType();
      case "woff2" -> MediaTypes.FONT_WOFF_2.toContentType();
      default -> ContentTypes.APPLICATION_OCTET_STREAM;
    };
  }

  private static ContentType fixed(String main, String sub) {
    return MediaTypes.customWithFixedCharset(main, sub, HttpCharsets.UTF_8, Map.of(), false)
        .toContentType();
  }
}
