package parley.model;

/**
 * The limits of the protocol that several packages need: sizes of frames and contents, members,
 * devices, the window. {@code docs/limits.md} lists all limits of the server, with the class or
 * setting that has each of them.
 */
public final class Limits {
  /** Largest frame or request body, in bytes. */
  public static final int FRAME_BYTES = 64 * 1024;

  /** Largest content of a message, in bytes of UTF-8. */
  public static final int CONTENT_BYTES = 16 * 1024;

  /** Most characters of a preview. */
  public static final int PREVIEW_CHARS = 120;

  /** Most characters of a {@code client_msg_id}. */
  public static final int CLIENT_MSG_ID_CHARS = 64;

  /** Most bytes of UTF-8 of a reaction: an emoji sequence with room to spare. */
  public static final int REACTION_BYTES = 64;

  /** Most users a message can mention. */
  public static final int MENTIONS = 100;

  /** Most members of a group. */
  public static final int GROUP_MEMBERS = 1024;

  /** Largest group in which receipts and typing events go to all members. */
  public static final int RECEIPT_MEMBERS = 100;

  /** Most devices of a user. */
  public static final int DEVICES = 10;

  /** Most users one connection can watch. */
  public static final int WATCHED = 100;

  /** Most connections that can watch one user. */
  public static final int WATCHERS = 1_000;

  /** Most conversations in one user's inbox; a further one removes the oldest. */
  public static final int INBOX_ROWS = 5_000;

  /** Most unacknowledged entries of a connection. */
  public static final int WINDOW = 256;

  /** Most entries of a history page. */
  public static final int PAGE = 100;

  /** Entries of a history page if the client gives no number. */
  public static final int PAGE_DEFAULT = 50;

  /** Most rows of an inbox page. */
  public static final int INBOX_PAGE = 100;

  /** Rows of an inbox page if the client gives no number. */
  public static final int INBOX_PAGE_DEFAULT = 20;

  /** Most characters (code points) of a display name or a group's name. */
  public static final int NAME_CHARS = 64;

  /** Most characters of a URL. */
  public static final int URL_CHARS = 2_048;

  private Limits() {}
}
