package parley.conversation;

/**
 * The smallest cursors of all members. For each member they give the smallest cursor of all the
 * others, without another pass over the members.
 *
 * @param delivered the smallest delivered cursor
 * @param nextDelivered the second smallest value; {@link Long#MAX_VALUE} if there is none
 * @param atDelivered how many members are at {@code delivered}
 * @param read the smallest read cursor
 * @param nextRead the second smallest value; {@link Long#MAX_VALUE} if there is none
 * @param atRead how many members are at {@code read}
 */
record CursorMinimums(
    long delivered, long nextDelivered, int atDelivered, long read, long nextRead, int atRead) {

  static CursorMinimums of(ConversationState state) {
    long delivered = Long.MAX_VALUE;
    long nextDelivered = Long.MAX_VALUE;
    long read = Long.MAX_VALUE;
    long nextRead = Long.MAX_VALUE;
    int atDelivered = 0;
    int atRead = 0;
    for (Member member : state.members()) {
      if (member.delivered() < delivered) {
        nextDelivered = delivered;
        delivered = member.delivered();
        atDelivered = 1;
      } else if (member.delivered() == delivered) {
        atDelivered++;
      } else {
        nextDelivered = Math.min(nextDelivered, member.delivered());
      }
      if (member.read() < read) {
        nextRead = read;
        read = member.read();
        atRead = 1;
      } else if (member.read() == read) {
        atRead++;
      } else {
        nextRead = Math.min(nextRead, member.read());
      }
    }
    return new CursorMinimums(delivered, nextDelivered, atDelivered, read, nextRead, atRead);
  }

  /** The smallest delivered cursor of the other members; 0 if there are none. */
  long delivered(Member member) {
    boolean alone = member.delivered() == delivered && atDelivered == 1;
    return orZero(alone ? nextDelivered : delivered);
  }

  /** The smallest read cursor of the other members; 0 if there are none. */
  long read(Member member) {
    boolean alone = member.read() == read && atRead == 1;
    return orZero(alone ? nextRead : read);
  }

  private static long orZero(long cursor) {
    return cursor == Long.MAX_VALUE ? 0 : cursor;
  }
}
