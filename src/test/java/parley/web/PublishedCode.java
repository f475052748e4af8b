package parley.web;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.parser.Parser;

/** The code blocks of a Markdown file, unchanged, as readers copy them. */
final class PublishedCode {
  private PublishedCode() {}

  /** All fenced blocks in this language, in the order of the file. */
  static List<String> blocks(Path file, String language) {
    List<String> blocks = new ArrayList<>();
    Parser.builder()
        .build()
        .parse(text(file))
        .accept(
            new AbstractVisitor() {
              @Override
              public void visit(FencedCodeBlock block) {
                if (block.getInfo().equals(language)) {
                  blocks.add(block.getLiteral());
                }
              }
            });
    return blocks;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
