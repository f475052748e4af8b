package parley.user;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Stored;

/**
 * Whose a push token is: the only event of a {@link PushTokenOwner}, which holds all, and its
 * snapshot.
 *
 * @param nr of the claim that made it so; 0 where there was none
 * @param former users who had it and are to be told
 */
record TokenOwner(@Nullable UserId owner, long nr, List<UserId> former) implements Stored {
  static final TokenOwner NOBODY = new TokenOwner(null, 0, List.of());

  TokenOwner {
    former = former == null ? List.of() : List.copyOf(former);
  }

  TokenOwner without(UserId told) {
    return new TokenOwner(owner, nr, former.stream().filter(user -> !user.equals(told)).toList());
  }
}
