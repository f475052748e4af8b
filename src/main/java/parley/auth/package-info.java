/**
 * Accounts and tokens: who may sign in, and who a bearer token speaks for. {@link
 * parley.auth.Accounts} is the entry point for accounts, {@link parley.auth.AccessTokens} for
 * tokens. Behind them are the {@link parley.auth.AccountEntity} (one writer per username), the
 * password hasher on threads of its own, the signing keys ({@link parley.auth.KeyRing}), and the
 * keys of an external issuer. Profiles, routes and cookies are in other packages.
 *
 * <h2>Decision: a login makes a family, and the family ends as one</h2>
 *
 * A family is the set of tokens that one login made. Its refresh tokens have generations ({@link
 * parley.auth.RefreshTokenFamily}). Its access tokens carry its {@code sid}. A logout must end
 * sockets and pushes at once. The user entity owns these, perhaps on another node. So the account
 * writes the end first. Then it tells the user until the user has it in its own journal, and only
 * then it answers. Ends that the user has not confirmed are part of the account's state. If a
 * process dies between the two steps, the family has no valid refresh token any more. Its sockets
 * end with their access token (15 minutes), or when any call that names the account wakes it. The
 * caller had no answer and asks again. The removal of a device goes the same way from the other
 * side.
 *
 * <p>Rejected: to ask the account at each hello (a third of a cluster's reconnects would wake as
 * many accounts); to keep live logins in the user (each login would cost a write there).
 *
 * <p>The {@code sid} is not the family's id, but is derived from it. The id proves that a spent
 * token was real, which revokes the family. More parties see access tokens than refresh tokens.
 *
 * <p>Bounds: 20 families an account; the next login ends the family that was not refreshed for the
 * longest time, as a logout would. 21 tokens a generation. 120 generations a minute ({@code
 * rate_limited}). 40 ends that the user has not confirmed; a further one is {@code unavailable}. A
 * user remembers 512 ended logins for 20 minutes; at most 200 logins start in that time.
 *
 * <h2>Decision: guesses are counted for the account and for the address</h2>
 *
 * A limit for the account alone lets anybody lock out its owner. A limit for the address alone lets
 * a thousand machines guess. So an account counts both, and counts an IPv6 site (/48) too ({@link
 * parley.auth.GuessLimits}). Devices that have logged in before ({@link parley.auth.KnownDevice})
 * have counts of their own, and all known devices of an address share one. The account is the
 * single writer for all nodes. It forgets the counts when its node dies. While ten or more machines
 * at three sites guess, an owner on a new device at a new address cannot be told from a guesser.
 * The owner then waits at most 5 minutes.
 *
 * <p>Rejected: a puzzle or a captcha (no client of the protocol could answer it); to store known
 * devices (a write for each, and a bound that fills up).
 *
 * <h2>Decision: each node counts registrations</h2>
 *
 * An address that reaches N nodes can register N times as many accounts. A counter for all nodes
 * would be an entity for which a registration can wait, only to bound what the hasher's own queue
 * bounds already. Hashes of registrations take turns with those of logins ({@link
 * parley.auth.PasswordHasher.Lane}).
 *
 * <h2>Old and new nodes together</h2>
 *
 * No event has a new name: fields were added, and an older version does not read them. An account
 * that moves to an older node takes the newest token for the only valid one, and notifies nobody of
 * a logout, as before.
 *
 * <h2>Decision: signing keys change by time, not by a second command</h2>
 *
 * A rotation must not refuse any token on any node, whatever stops or starts meanwhile. Each node
 * must know a key before any node signs with it, and must know the last key until its tokens have
 * ended. So a rotation is one conditional write: the next key, and the time from which it signs
 * ({@link parley.auth.SigningKeys}). Every node reads the store every 10 s, and at once for a token
 * with an unknown key. The price: clocks must agree within a minute, which tokens need too. If they
 * do not, a rotation is refused.
 *
 * <p>Rejected: a second command that makes the next key sign (an operator who forgets it, or a
 * crash before it, leaves the rotation half done, and nodes hear of it at different times anyway);
 * a cluster singleton that decides (no node can sign while it moves); a key for each node (every
 * start and stop would be a rotation).
 *
 * <h2>Decision: all keys are one text in one row or file</h2>
 *
 * The text is one JWK set. The members of the signing key are beside it once more, as the only key
 * that older versions know. Those versions read it and go on while the cluster is upgraded node by
 * node. A rotation is refused while one of them is a member. After a rotation there is no way back
 * to them: they would sign with a key that ends.
 *
 * <p>Rejected: a row for each key (a rotation would be several writes); a second row beside the old
 * one (a crash between the two writes).
 *
 * <h2>Decision: AWS-LC checks signatures</h2>
 *
 * <p>When a node dies, tens of thousands of clients reconnect with tokens that the other nodes have
 * never seen. The JDK's ECDSA was the largest part of a connection (250 of 1,083 µs). Amazon's
 * provider (ACCP) checks a signature in 37 µs. It is a native library for one platform, under a
 * name that all platforms share. So the build takes the library of its own machine (Linux on x86-64
 * and ARM), and an image should be built on the architecture on which it runs. The library is
 * unpacked into {@code java.io.tmpdir}. It is tried when the node already listens, because that
 * takes a second of processor time.
 *
 * <p>The JDK checks signatures until then, where the library is missing or does not work, and from
 * the moment at which the library fails and the JDK does not. The log says so. A signature that the
 * library calls bad is bad, whatever the reason. Rejected: HMAC (every node would hold the secret
 * that makes tokens, and there would be no public keys); Conscrypt (its released jar has nothing
 * for ARM on Linux).
 *
 * <h2>Growth</h2>
 *
 * Each refresh is an event. Those that an older snapshot covers are removed when they are a day
 * old: see the decisions of {@link parley.snapshot}. An account whose registration is missing does
 * not start, because its name would look free.
 */
@NullMarked
package parley.auth;

import org.jspecify.annotations.NullMarked;
