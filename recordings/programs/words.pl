# Counts words in a text that it makes up, builds long strings piece by piece, sorts: hashes and growth by realloc.
use strict;
use warnings;
srand(3);
my (%count, %followers, $text, @lines);
my @syllables = qw(ba ke li mo nu pra ste tri vo wex yan zu);
for my $n (1 .. 12000) {
  my $word = join "", map { $syllables[rand @syllables] } 1 .. 1 + int rand 4;
  $text .= $word . ($n % 9 ? " " : "\n");
}
my $previous = "";
for my $word (split /\s+/, $text) {
  $count{$word}++;
  push @{ $followers{$previous} }, $word;
  $previous = $word;
}
for my $word (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count) {
  push @lines, sprintf "%-12s %5d %s", $word, $count{$word}, join ",", @{ $followers{$word} // [] };
}
my $page = join "\n", @lines;
$page =~ s/(\w+),(\w+)/$2+$1/g;
my @columns = map { [split /[ ,]+/] } split /\n/, $page;
my $blob = "";
$blob .= join("|", map { reverse $_ } @$_) x 3 for @columns;
print length($page), " ", length($blob), " ", scalar(keys %count), "\n";
