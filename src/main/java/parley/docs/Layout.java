package parley.docs;

import java.util.List;
import java.util.Map;

/**
 * The frame of every page: header, navigation, article, list of headings, links to the neighbouring
 * pages.
 */
final class Layout {
  private static final String PAGE =
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="theme-color" content="#f4f2ee" media="(prefers-color-scheme: light)">
      <meta name="theme-color" content="#12171a" media="(prefers-color-scheme: dark)">
      <title>{title}</title>
      <link rel="icon" href="/icon.svg" type="image/svg+xml">
      <link rel="stylesheet" href="/style.css">
      <link rel="stylesheet" href="/docs/docs.css">
      </head>
      <body class="doc">
      <a class="doc-skip" href="#main">Skip to the text</a>
      <header class="doc-header">
      <a class="doc-brand" href="/docs"><img src="/icon.svg" alt="" width="30" height="30">Parley \
      <span>Documentation</span></a>
      <button class="doc-open" type="button" popovertarget="pages">Pages</button>
      </header>
      <div class="doc-frame">
      <nav class="doc-nav" id="pages" popover aria-label="Pages">
      {pages}</nav>
      <main class="doc-main" id="main" tabindex="-1">
      <article>
      {article}</article>
      {neighbours}</main>
      {contents}</div>
      </body>
      </html>
      """;

  private final Navigation navigation;

  Layout(Navigation navigation) {
    this.navigation = navigation;
  }

  /** Renders a whole page. */
  String page(String name, Article article) {
    String title = name.isEmpty() ? "Parley: documentation" : article.title() + " · Parley";
    // The order matters: later values may contain text that looks like an earlier placeholder.
    return PAGE.replace("{title}", Html.text(title))
        .replace("{pages}", pages(name))
        .replace("{neighbours}", neighbours(name))
        .replace("{contents}", contents(article))
        .replace("{article}", article.html());
  }

  private String pages(String current) {
    Html html = new Html();
    for (Map.Entry<String, List<Navigation.Entry>> section : navigation.sections().entrySet()) {
      html.raw("<h2>" + Html.text(section.getKey()) + "</h2>").raw("<ul>");
      for (Navigation.Entry entry : section.getValue()) {
        String here = entry.name().equals(current) ? " aria-current=\"page\"" : "";
        html.raw("<li>" + link(entry, here, Html.text(entry.title())) + "</li>");
      }
      html.raw("</ul>");
    }
    return html.article("").html();
  }

  private String neighbours(String current) {
    List<Navigation.Entry> all = navigation.entries();
    int at = 0;
    while (at < all.size() && !all.get(at).name().equals(current)) {
      at++;
    }
    int next = current.isEmpty() ? 0 : at + 1;
    Html html = new Html().raw("<nav class=\"doc-neighbours\" aria-label=\"Neighbours\">");
    if (!current.isEmpty() && at > 0 && at < all.size()) {
      html.raw(
          link(
              all.get(at - 1),
              " rel=\"prev\"",
              "<small>Before</small>" + Html.text(all.get(at - 1).title())));
    }
    if (next < all.size()) {
      html.raw(
          link(
              all.get(next),
              " rel=\"next\"",
              "<small>Next</small>" + Html.text(all.get(next).title())));
    }
    return html.raw("</nav>").article("").html();
  }

  private static String link(Navigation.Entry entry, String attributes, String html) {
    return "<a href=\""
        + Html.text(Links.page(entry.name()))
        + "\""
        + attributes
        + ">"
        + html
        + "</a>";
  }

  private static String contents(Article article) {
    List<Article.Heading> headings =
        article.headings().stream().filter(heading -> heading.level() <= 3).toList();
    if (headings.size() < 2) {
      return "";
    }
    Html html = new Html();
    html.raw("<nav class=\"doc-contents\" aria-labelledby=\"on-this-page\">");
    html.raw("<h2 id=\"on-this-page\">On this page</h2>").raw("<ul>");
    for (Article.Heading heading : headings) {
      html.raw(
          "<li class=\"level-"
              + heading.level()
              + "\"><a href=\"#"
              + Html.text(heading.id())
              + "\">"
              + Html.text(heading.text())
              + "</a></li>");
    }
    return html.raw("</ul>").raw("</nav>").article("").html();
  }
}
