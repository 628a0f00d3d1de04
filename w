skip_lease_wait | code: replication/partition.cc  | doc:  `replication/partition.cc` 
attest_unserved | code: replication/partition.cc  | doc:  `replication/partition.cc` 
answer_past_lease | code: node/node.cc  | doc:  `node/node.cc` 
own_vote_after_voting | code: ring/lease.cc  | doc:  `ring/lease.cc` 
request_renews_lease | code: node/peers.cc  | doc:  `node/peers.cc` 
echo_counts_twice | code: ring/lease.cc  | doc:  `ring/lease.cc` 
ack_without_lease_alone | code: replication/primary.cc  | doc:  `replication/primary.cc`, `primary_requests.cc` 
refuse_by_opinion | code: ring/agreement.cc  | doc:  `ring/agreement.cc` 
forget_promises | code: ring/agreement.cc  | doc:  `ring/agreement.cc` 
vote_counts_twice | code: ring/agreement.cc  | doc:  `ring/agreement.cc` 
evict_before_completion | code: ring/steps.cc  | doc:  `ring/steps.cc` 
accuse_in_haste | code: node/bad_links.cc  | doc:  `node/bad_links.cc` 
accuse_last_copy | code: ring/accusations.cc  | doc:  `ring/accusations.cc` 
links_unheard | code: node/governor.h  | doc:  `node/governor.h` 
undo_fills | code: node/governor.cc ring/accusations.cc  | doc:  `node/governor.cc`, `ring/accusations.cc` 
fills_restless | code: node/governor.cc  | doc:  `node/governor.cc` 
evict_promisers | code: node/proposing.cc  | doc:  `node/rings.cc` 
admit_unheard | code: ring/planner.cc  | doc:  `ring/planner.cc` 
heirs_unheard | code: ring/planner.cc  | doc:  `ring/planner.cc` 
leave_to_the_dead | code: ring/planner.cc  | doc:  `ring/planner.cc` 
leave_unheard | code: node/joining.cc  | doc:  `node/rings.cc` 
trims_never_alone | code: node/proposing.cc  | doc:  `node/rings.cc` 
distrust_returned_copy | code: ring/planner.cc  | doc:  `ring/planner.cc` 
answer_for_predecessor | code: node/peers.cc  | doc:  `node/peers.cc` 
found_alone | code: node/founding.cc  | doc:  `node/founding.cc` 
found_alone | code: node/founding.cc  | doc:  `node/founding.cc` 
parent_alone | code: node/founding.cc  | doc:  `node/founding.cc` 
consent_to_lower | code: node/founding.cc  | doc:  `node/founding.cc` 
told_before_copied | code: replication/primary_at_once.cc  | doc:  `replication/primary_at_once.cc` 
answer_before_last_ack | code: replication/primary.cc  | doc:  `replication/primary.cc` 
drop_own_unfinished | code: replication/primary.cc  | doc:  `replication/primary.cc` 
gap_unnoticed | code: replication/backup.cc replication/primary.cc  | doc:  `replication/backup.cc`, `primary.cc` 
keep_stale_unfinished | code: replication/backup.cc replication/partition.cc  | doc:  `replication/partition.cc`, `backup.cc` 
discard_in_session | code: replication/partition.cc  | doc:  `replication/partition.cc` 
report_before_active | code: replication/primary.cc  | doc:  `replication/primary.cc` 
session_by_tenure_alone | code: replication/backup.cc  | doc:  `replication/backup.cc` 
chunk_resurrects | code: replication/backup.cc  | doc:  `replication/backup.cc` 
orphan_survives | code: replication/partition.cc  | doc:  `replication/partition.cc` 
fill_without_ids | code: replication/fill_stream.cc  | doc:  `replication/fill_stream.cc` 
compare_blindly | code: replication/backup.cc  | doc:  `replication/backup.cc` 
refusal_not_remembered | code: replication/primary_writes.cc  | doc:  `replication/primary_writes.cc` 
refused_though_done | code: replication/refusal.cc  | doc:  `replication/refusal.cc` 
old_route_accepted | code: replication/primary_writes.cc  | doc:  `replication/primary_writes.cc` 
stamp_unchecked | code: replication/primary_writes.cc  | doc:  `replication/primary_writes.cc` 
stamp_told_early | code: replication/primary_writes.cc  | doc:  `replication/primary_writes.cc` 
duplicate_answered_early | code: replication/primary_writes.cc  | doc:  `replication/primary_writes.cc` 
duplicate_runs_again | code: replication/primary_writes.cc  | doc:  `replication/primary_writes.cc` 
reply_forgotten | code: replication/context.h  | doc:  `replication/context.h` 
batch_in_part | code: replication/backup.cc  | doc:  `replication/backup.cc` 
foreign_cursor | code: replication/view.cc  | doc:  `replication/view.cc` 
expired_is_read | code: replication/view.cc replication/primary_requests.cc  | doc:  `replication/primary_requests.cc`, `view.cc` 
fill_without_expiry | code: replication/backup.cc  | doc:  `replication/backup.cc` 
