package parley.http;

import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import parley.auth.LoginThrottle;
import parley.auth.RegistrationLimit;
import parley.bounds.LoadGate;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.UserId;
import parley.user.User;

/**
 * Everything that the routes call.
 *
 * @param identity accounts and tokens
 * @param logins limits login attempts, by address
 * @param registrations limits new accounts, by address
 * @param budget what a user may write, shared with the socket
 * @param users finds the entity of a user
 * @param conversations finds the entity of a conversation
 * @param newId makes unique ids, for groups
 * @param sockets makes the flow of one more socket
 * @param nanos a clock that never goes back, in nanoseconds
 * @param problems gets the code of every problem that is answered
 * @param meters counts and times the calls
 * @param load what is left out when the node is under load
 */
public record HttpServices(
    AuthServices identity,
    LoginThrottle logins,
    RegistrationLimit registrations,
    WriteBudget budget,
    Function<UserId, RecipientRef<User.Command>> users,
    Function<ConversationId, RecipientRef<Conversation.Command>> conversations,
    Supplier<String> newId,
    Supplier<Flow<ByteString, ByteString, NotUsed>> sockets,
    LongSupplier nanos,
    Consumer<ErrorCode> problems,
    HttpMeters meters,
    LoadGate load) {}
