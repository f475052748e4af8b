/** Tests of the {@code Conversation} entity: its rules, its state, its behaviour. */
@NullMarked
package parley.conversation;

import org.jspecify.annotations.NullMarked;
