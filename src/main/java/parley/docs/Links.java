package parley.docs;

import java.net.URI;

/** Converts between file names, page names and addresses. */
final class Links {
  private static final String ROOT = "/docs";

  private Links() {}

  /** The address of a page, such as {@code guide/sending}; the empty name is the start page. */
  static String page(String name) {
    return name.isEmpty() ? ROOT : ROOT + "/" + name;
  }

  /** The name of the page that a Markdown file becomes; {@code index.md} is the start page. */
  static String nameOf(String file) {
    String name = file.substring(0, file.length() - ".md".length());
    return name.equals("index") ? "" : name;
  }

  /**
   * Converts a link in a file to a link in a page. Relative links, which also work between the
   * files, become absolute, and the {@code .md} of a page is dropped.
   *
   * @param file the file that contains the link
   */
  static String resolve(String file, String target) {
    if (target.startsWith("#") || target.startsWith("/") || target.contains(":")) {
      return target;
    }
    String whole = URI.create(ROOT + "/" + file).resolve(target).toString();
    int hash = whole.indexOf('#');
    String path = hash < 0 ? whole : whole.substring(0, hash);
    String fragment = hash < 0 ? "" : whole.substring(hash);
    if (!path.endsWith(".md")) {
      return whole;
    }
    return page(nameOf(path.substring(ROOT.length() + 1))) + fragment;
  }
}
