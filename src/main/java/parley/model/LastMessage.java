package parley.model;

/**
 * The newest text of a conversation that is not deleted, with its current content, as an inbox
 * shows it.
 *
 * @param preview at most {@link Limits#PREVIEW_CHARS} characters of the content
 * @param at when the entry was accepted, epoch milliseconds
 */
public record LastMessage(long seq, UserId senderId, String type, String preview, long at) {

  /** The preview of a content: its first 120 code points. A code point is never cut in half. */
  public static String preview(String content) {
    if (content.length() <= Limits.PREVIEW_CHARS) {
      return content;
    }
    if (content.codePointCount(0, content.length()) <= Limits.PREVIEW_CHARS) {
      return content;
    }
    return content.substring(0, content.offsetByCodePoints(0, Limits.PREVIEW_CHARS));
  }

  @Override
  public String toString() {
    return "LastMessage[seq=" + seq + "]";
  }
}
